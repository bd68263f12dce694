import { addExtension, Packr, RESET_BUFFER_MODE, REUSE_BUFFER_MODE, Unpackr } from 'msgpackr';
import type { ActorAddress, ActorRef } from '../actor/actor-ref.ts';
import type { BadFrameReason } from '../errors.ts';
import { BaseRef } from '../actor/base-ref.ts';
import { frameVersion, isUnknownKind, type WireMessage, wireFault } from './wire.ts';

/** MessagePack extension type of an actor ref: `[node, nodeIncarnation, path, uid]`. */
const refExtension = 0x52;

export type ResolveRef = (address: ActorAddress) => ActorRef<never>;

/** Makes the refs of the frame that is decoded at present. Decoding is synchronous, so there is one at a time. */
let resolveRef: ResolveRef | undefined;

// Objects are encoded as plain maps: inline records were measured slower than JSON on Node.
const packr = new Packr({ useRecords: false });
// Byte strings are copied: a view would keep the whole frame in memory.
const unpackr = new Unpackr({ useRecords: false, copyBuffers: true });

addExtension({
  Class: BaseRef,
  type: refExtension,
  write(ref: BaseRef): unknown {
    const { node, nodeIncarnation, path, uid } = ref.address;
    return [node, nodeIncarnation, path, uid];
  },
  read(data: unknown): ActorRef<never> {
    const [node, nodeIncarnation, path, uid] = data as [unknown, unknown, unknown, unknown];
    const isAddress =
      typeof node === 'string' &&
      typeof path === 'string' &&
      Number.isSafeInteger(nodeIncarnation) &&
      Number.isSafeInteger(uid);
    if (!isAddress || resolveRef === undefined) throw new TypeError('malformed actor ref');
    return resolveRef({ node, nodeIncarnation: nodeIncarnation as number, path, uid: uid as number });
  },
});

/** An encoded message: the bytes from `start` to `end`, valid until the next message is encoded. */
export type EncodedMessage = Buffer & { readonly start: number; readonly end: number };

/**
 * Encodes one message into a shared buffer: a new buffer for each message costs more than the encoding.
 *
 * @throws Error for a value that MessagePack cannot encode
 */
export function encodeMessage(message: WireMessage): EncodedMessage {
  return packr.pack(message, REUSE_BUFFER_MODE | RESET_BUFFER_MODE) as EncodedMessage;
}

export function frameHeader(incarnation: number): Uint8Array {
  return Uint8Array.of(frameVersion, ...packr.pack(incarnation));
}

/**
 * Most invalid values in one frame; after that the rest of the frame is dropped without further reports. A frame from a
 * Drover node has none.
 */
export const maxFaultsPerFrame: number = 16;

export interface FrameReader {
  resolveRef: ResolveRef;
  /** Called once, before the messages. False skips the rest of the frame. */
  onSender(incarnation: number): boolean;
  onMessage(message: WireMessage): void;
  /**
   * Called for each unreadable value; readable messages before and after it are delivered. At most
   * `maxFaultsPerFrame + 1` times a frame: each call costs an error and an event, and a megabyte can hold a million.
   */
  onFault(reason: BadFrameReason, detail: string): void;
}

/** Reads a frame of another node. Never throws, whatever the bytes are. */
export function readFrame(frame: Uint8Array, reader: FrameReader): void {
  if (frame.length < 2) return reader.onFault('malformed', 'frame is too short');
  if (frame[0] !== frameVersion)
    return reader.onFault('unknown-version', `frame version ${frame[0]} is unknown`);
  const values = decodeAll(frame, reader);
  if (values.length === 0) return;
  const [sender] = values;
  if (!(Number.isSafeInteger(sender) && (sender as number) >= 0))
    return reader.onFault('malformed', 'frame names no sender incarnation');
  if (!reader.onSender(sender as number)) return;
  readMessages(values, reader);
}

/** Reads the messages after the sender's incarnation. Skips unknown kinds, which a newer node may send. */
function readMessages(values: readonly unknown[], reader: FrameReader): void {
  let malformed = 0;
  let unknown = 0;
  for (let index = 1; index < values.length; index += 1) {
    const value = values[index];
    const fault = wireFault(value);
    if (fault === undefined) reader.onMessage(value as WireMessage);
    else if (isUnknownKind(value)) {
      if (++unknown <= maxFaultsPerFrame) reader.onFault('unknown-kind', fault);
    } else if (++malformed > maxFaultsPerFrame) {
      const dropped = values.length - index;
      return reader.onFault('malformed', `too many values are not messages; the last ${dropped} are dropped`);
    } else reader.onFault('malformed', fault);
  }
}

function decodeAll(frame: Uint8Array, reader: FrameReader): unknown[] {
  resolveRef = reader.resolveRef;
  try {
    // A plain Uint8Array, not a Buffer: byte strings inside are decoded to the type that their sender used.
    const body = new Uint8Array(frame.buffer, frame.byteOffset + 1, frame.byteLength - 1);
    return (unpackr.unpackMultiple(body) as unknown[] | undefined) ?? [];
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    reader.onFault('malformed', `frame cannot be decoded: ${detail}`);
    return (error as { values?: unknown[] }).values ?? [];
  } finally {
    resolveRef = undefined;
  }
}

/** Encodes one value, refs included, into a new array. */
export function encodeValue(value: unknown): Uint8Array {
  return Uint8Array.from(packr.pack(value));
}

/** @throws Error for bytes that are not from `encodeValue` */
export function decodeValue(bytes: Uint8Array, resolve: ResolveRef): unknown {
  resolveRef = resolve;
  try {
    return unpackr.unpack(bytes);
  } finally {
    resolveRef = undefined;
  }
}
