import type { ActorRef } from '@drover/actor-core';
import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../config.ts';
import type { InstanceMessage } from '../protocol/instance-message.ts';
import type { StreamMessage } from '../protocol/stream-message.ts';
import { createReceiver } from '../stream/stream-receiver.ts';
import { evidence } from '../testing/evidence.ts';
import { type Attempt, checkAcceptTime, createAttempt, sendParts } from './attempt.ts';

const config = resolveConfig();

function setup() {
  const sent: string[] = [];
  const refOf = <M extends StreamMessage>(name: string): ActorRef<M> =>
    ({
      tell: (message: StreamMessage) => {
        if (message.kind === 'part') sent.push(`${name} ${message.index}`);
      },
    }) as unknown as ActorRef<M>;
  const attempt: Attempt = createAttempt({
    streamId: 's',
    evidence: evidence(),
    instance: refOf('instance') as ActorRef<InstanceMessage>,
    receiver: createReceiver(Number.POSITIVE_INFINITY, config, 0),
    pending: { accepted: () => {}, release: () => {} },
    partBytes: 10,
    acceptByMs: 800,
  });
  return { attempt, sent, job: refOf<StreamMessage>('job') };
}

describe('the parts of a body', () => {
  const body = new Uint8Array(75);

  it('go straight to the job once the instance has forwarded all earlier parts', () => {
    const { attempt, sent, job } = setup();
    sendParts(attempt, body);
    attempt.stream = job;
    attempt.partsReceived = 2;
    sendParts(attempt, body);
    expect(sent).toEqual(['instance 0', 'instance 1', 'instance 2', 'instance 3']);
    attempt.partsReceived = 4;
    sendParts(attempt, body);
    expect(sent.slice(4)).toEqual(['job 4', 'job 5', 'job 6', 'job 7']);
  });

  it('all go to an instance that names no job', () => {
    const { attempt, sent } = setup();
    for (attempt.partsReceived = 0; attempt.partsReceived < 8; attempt.partsReceived += 1)
      sendParts(attempt, body);
    expect(sent).toEqual(Array.from({ length: 8 }, (_, index) => `instance ${index}`));
  });
});

describe('the time until the first answer', () => {
  it('is due once, at its end', () => {
    const { attempt } = setup();
    expect(checkAcceptTime(attempt, 799, config)).toBe('pending');
    expect(checkAcceptTime(attempt, 800, config)).toBe('due');
    expect(checkAcceptTime(attempt, 900, config)).toBe('pending');
  });

  it('gets one grace if the timer fires so late that this process must have stalled', () => {
    const { attempt } = setup();
    expect(checkAcceptTime(attempt, 1_050, config)).toBe('pending');
    expect(checkAcceptTime(attempt, 1_299, config)).toBe('pending');
    expect(checkAcceptTime(attempt, 1_900, config)).toBe('due');
  });
});
