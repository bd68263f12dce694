import { expect, it } from 'vitest';
import { decodeHeartbeat, encodeHeartbeat, type LeaderHeartbeat } from '../leadership/lead-record.ts';
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
const heartbeat: LeaderHeartbeat = { term: 3, fence: 17, incarnation: 1_795_231_563_373, isResigning: true };
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
const beaten = '95010311cb427a1fc23be6d000c3';
const published = '9201de0002a3736179a568656c6c6fa56279746573c4020102';

it("an announcement, a leader's heartbeat and a topic message keep their bytes", () => {
  expect(hexOf(encodeAnnouncement(announcement))).toBe(announced);
  const withMetadata = { ...announcement, metadata: { version: '0.4.0' } };
  expect(hexOf(encodeAnnouncement(withMetadata))).toBe(stated);
  expect(decodeAnnouncement(bytesOf(stated))).toEqual(withMetadata);
  expect(hexOf(encodeHeartbeat(heartbeat))).toBe(beaten);
  expect(hexOf(encodeTopicMessage(topical))).toBe(published);
  expect(decodeAnnouncement(bytesOf(announced))).toEqual(announcement);
  expect(decodeHeartbeat(bytesOf(beaten))).toEqual(heartbeat);
  expect(decodeTopicMessage(bytesOf(published))).toEqual({ message: topical });
});

it('they are read with an unknown field at their end, and refused in another version', () => {
  expect(decodeAnnouncement(grown(announced))).toEqual(announcement);
  expect(decodeHeartbeat(grown(beaten))).toEqual(heartbeat);
  expect(decodeTopicMessage(grown(published))).toEqual({ message: topical });
  expect(decodeAnnouncement(other(announced))).toBeUndefined();
  expect(decodeHeartbeat(other(beaten))).toBeUndefined();
  expect(decodeTopicMessage(other(published))).toBeUndefined();
});
