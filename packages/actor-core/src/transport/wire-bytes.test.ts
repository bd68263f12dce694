import { expect, it } from 'vitest';
import type { Heartbeat, PrivateMessage } from '../leadership/election/election-message.ts';
import { decodeElection, decodeLeader, encodeElection, encodeLeader } from '../leadership/group-messages.ts';
import { type Announcement, decodeAnnouncement, encodeAnnouncement } from '../membership/announcement.ts';
import { decodeTopicMessage, encodeTopicMessage } from '../pubsub/topic-message.ts';

// Messages on the bus other than actor frames, byte for byte: older nodes must be able to read them, and this node
// those of newer ones.
const announcement: Announcement = {
  incarnation: 1_795_231_563_373,
  pid: 42,
  roles: ['gateway', 'host'],
  lagMs: 12,
  left: false,
};
const heartbeat: Heartbeat = {
  kind: 'heartbeat',
  term: 3,
  fence: 17,
  incarnation: 1_795_231_563_373,
  isResigning: true,
  sentAtMs: 1.5,
  handsOverTo: 'b',
};
const topical = { say: 'hello', bytes: Uint8Array.of(1, 2) };

const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** The same message with one more field at its end. */
const grown = (hex: string) =>
  bytesOf(`${(Number.parseInt(hex.slice(0, 2), 16) + 1).toString(16)}${hex.slice(2)}07`);
/** The same message in an unknown version. */
const other = (hex: string) => bytesOf(`${hex.slice(0, 2)}02${hex.slice(4)}`);

const announced = '9601cb427a1fc23be6d0002a92a767617465776179a4686f73740cc2';
/** Since release 0.4.0 with what the node states about itself. */
const stated = '9701cb427a1fc23be6d0002a92a767617465776179a4686f73740cc2de0001a776657273696f6ea5302e342e30';
const beaten = '97010311cb427a1fc23be6d000c3cb3ff8000000000000a162';
/** As nodes of 0.3.0 send it. */
const beatenBefore = '95010311cb427a1fc23be6d000c3';
const probed = '9302a2616203';
const election: readonly [PrivateMessage, string][] = [
  [{ kind: 'pre-vote', term: 4 }, '930004c0'],
  [{ kind: 'pre-vote-answer', term: 4, isGranted: true }, '930104c3'],
  [{ kind: 'vote', term: 4, isTransfer: false }, '930204c2'],
  [{ kind: 'vote-answer', term: 4, isGranted: false }, '930304c2'],
  [{ kind: 'heartbeat-answer', term: 4, sentAtMs: 9 }, '93040409'],
];
const published = '9201de0002a3736179a568656c6c6fa56279746573c4020102';

it("an announcement, a leader's heartbeat and a topic message keep their bytes", () => {
  expect(hexOf(encodeAnnouncement(announcement))).toBe(announced);
  const withMetadata = { ...announcement, metadata: { version: '0.4.0' } };
  expect(hexOf(encodeAnnouncement(withMetadata))).toBe(stated);
  expect(decodeAnnouncement(bytesOf(stated))).toEqual(withMetadata);
  expect(hexOf(encodeLeader(heartbeat))).toBe(beaten);
  expect(hexOf(encodeTopicMessage(topical))).toBe(published);
  expect(decodeAnnouncement(bytesOf(announced))).toEqual(announcement);
  expect(decodeLeader(bytesOf(beaten))).toEqual(heartbeat);
  expect(decodeLeader(bytesOf(beatenBefore))).toEqual({
    ...heartbeat,
    sentAtMs: 0,
    handsOverTo: '',
  });
  expect(decodeTopicMessage(bytesOf(published))).toEqual({ message: topical });
});

it('they are read with an unknown field at their end, and refused in another version', () => {
  expect(decodeAnnouncement(grown(announced))).toEqual(announcement);
  expect(decodeLeader(grown(beaten))).toEqual(heartbeat);
  expect(decodeTopicMessage(grown(published))).toEqual({ message: topical });
  expect(decodeAnnouncement(other(announced))).toBeUndefined();
  expect(decodeLeader(other(beaten))).toBeUndefined();
  expect(decodeTopicMessage(other(published))).toBeUndefined();
});

it('a probe and the messages of an election keep their bytes, and are read with an unknown field', () => {
  const probe = { kind: 'probe', nonce: 'ab', sentAtMs: 3 } as const;
  expect(hexOf(encodeLeader(probe))).toBe(probed);
  expect(decodeLeader(grown(probed))).toEqual(probe);
  for (const [message, bytes] of election) {
    expect(hexOf(encodeElection(message))).toBe(bytes);
    expect(decodeElection(grown(bytes))).toEqual(message);
  }
});

it.each(['', 'c0', '930904c0', '9300ffc0', '930104c0', '93020405', '930404c3'])(
  'bytes that are no message of an election are refused: %s',
  (bytes) => {
    expect(decodeElection(bytesOf(bytes))).toBeUndefined();
  },
);
