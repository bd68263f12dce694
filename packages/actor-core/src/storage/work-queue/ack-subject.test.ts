import { expect, it } from 'vitest';
import { ackSubject, parseAckSubject } from './ack-subject.ts';

const short = '$JS.ACK.Q_a.p1.2.17.40.1796007044801454613.3';
const long = '$JS.ACK.hub.aB3dE.Q_a.p1.2.17.40.1796007044801454613.3.xYz';

it.each([short, long])('reads queue, partition, delivery and instant of %s', (subject) => {
  const parts = parseAckSubject(subject);
  expect(parts).toMatchObject({
    stream: 'Q_a',
    consumer: 'p1',
    delivered: 2,
    sequence: 17,
    acceptedAtMs: 1_796_007_044_801,
  });
  expect(parts === undefined ? undefined : ackSubject(parts)).toBe(subject);
});

it.each(['$JS.API.STREAM.DELETE.Q_a', '$JS.ACK.Q_a', '$JS.ACK.Q_a.p1.*.17.40.1.3', 'd1.cell.ctl.lead', ''])(
  'refuses %s, which is no such subject',
  (subject) => {
    expect(parseAckSubject(subject)).toBeUndefined();
  },
);
