import { expect, it } from 'vitest';
import { decodeHeartbeat, encodeHeartbeat, type LeaderHeartbeat } from '../leadership/lead-record.ts';
import { type Announcement, decodeAnnouncement, encodeAnnouncement } from '../membership/announcement.ts';
import { decodeTopicMessage, encodeTopicMessage } from '../pubsub/topic-message.ts';

// What goes over the bus beside actor frames, byte for byte: an older node must still read it, and a newer one this.
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

/** With one field more at its end. */
const grown = (hex: string) =>
  bytesOf(`${(Number.parseInt(hex.slice(0, 2), 16) + 1).toString(16)}${hex.slice(2)}07`);
/** In a version that nobody knows. */
const other = (hex: string) => bytesOf(`${hex.slice(0, 2)}02${hex.slice(4)}`);

const announced = '9601cb427a1fc23be6d0002a92a767617465776179a4686f73740cc2';
const beaten = '95010311cb427a1fc23be6d000c3';
const published = '9201de0002a3736179a568656c6c6fa56279746573c4020102';

it("an announcement, a leader's heartbeat and a message of a topic have the same bytes as ever", () => {
  expect(hexOf(encodeAnnouncement(announcement))).toBe(announced);
  expect(hexOf(encodeHeartbeat(heartbeat))).toBe(beaten);
  expect(hexOf(encodeTopicMessage(topical))).toBe(published);
  expect(decodeAnnouncement(bytesOf(announced))).toEqual(announcement);
  expect(decodeHeartbeat(bytesOf(beaten))).toEqual(heartbeat);
  expect(decodeTopicMessage(bytesOf(published))).toEqual({ message: topical });
});

it('they are read with a field of the future at their end, and not in another version', () => {
  expect(decodeAnnouncement(grown(announced))).toEqual(announcement);
  expect(decodeHeartbeat(grown(beaten))).toEqual(heartbeat);
  expect(decodeTopicMessage(grown(published))).toEqual({ message: topical });
  expect(decodeAnnouncement(other(announced))).toBeUndefined();
  expect(decodeHeartbeat(other(beaten))).toBeUndefined();
  expect(decodeTopicMessage(other(published))).toBeUndefined();
});
