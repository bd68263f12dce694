import { addExtension, Packr, RESET_BUFFER_MODE, REUSE_BUFFER_MODE, Unpackr } from 'msgpackr';
import type { ActorAddress, ActorRef } from '../actor/actor-ref.ts';
import type { BadFrameReason } from '../errors.ts';
import { BaseRef } from '../actor/base-ref.ts';
import { frameVersion, isUnknownKind, type WireMessage, wireFault } from './wire.ts';

/** MessagePack extension type of an actor ref: `[node, nodeIncarnation, path, uid]`. */
const refExtension = 0x52;

export type ResolveRef = (address: ActorAddress) => ActorRef<never>;

/** Who makes refs for the frame being decoded; decoding is synchronous, so one at a time. */
let resolveRef: ResolveRef | undefined;

// Records inline measured slower than JSON on Node, so objects travel as plain maps.
const packr = new Packr({ useRecords: false });
// Copies of byte strings: a view would keep the whole frame alive.
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

/** An encoded message: the bytes from `start` to `end`, good until the next one is encoded. */
export type EncodedMessage = Buffer & { readonly start: number; readonly end: number };

/**
 * Encodes one message, always into the same buffer: one of its own for each costs more than the encoding.
 *
 * @throws Error for what MessagePack cannot say
 */
export function encodeMessage(message: WireMessage): EncodedMessage {
  return packr.pack(message, REUSE_BUFFER_MODE | RESET_BUFFER_MODE) as EncodedMessage;
}

export function frameHeader(incarnation: number): Uint8Array {
  return Uint8Array.of(frameVersion, ...packr.pack(incarnation));
}

export interface FrameReader {
  resolveRef: ResolveRef;
  /** Once, first. False ends the reading. */
  onSender(incarnation: number): boolean;
  onMessage(message: WireMessage): void;
  /** Something in the frame cannot be read; messages before it were delivered, and those after it if they can be. */
  onFault(reason: BadFrameReason, detail: string): void;
}

/** Reads a frame from outside. Never throws for what the bytes are. */
export function readFrame(frame: Uint8Array, reader: FrameReader): void {
  if (frame.length < 2) return reader.onFault('malformed', 'frame is too short');
  if (frame[0] !== frameVersion)
    return reader.onFault('unknown-version', `frame version ${frame[0]} is unknown`);
  for (const [index, value] of decodeAll(frame, reader).entries()) {
    if (index === 0) {
      if (!(Number.isSafeInteger(value) && (value as number) >= 0))
        return reader.onFault('malformed', 'frame names no sender incarnation');
      if (!reader.onSender(value as number)) return;
      continue;
    }
    const fault = wireFault(value);
    if (fault === undefined) reader.onMessage(value as WireMessage);
    else reader.onFault(isUnknownKind(value) ? 'unknown-kind' : 'malformed', fault);
  }
}

function decodeAll(frame: Uint8Array, reader: FrameReader): unknown[] {
  resolveRef = reader.resolveRef;
  try {
    // A plain Uint8Array, not a Buffer: byte strings inside come out as what their sender had.
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

/** One value, refs included, as bytes of its own. */
export function encodeValue(value: unknown): Uint8Array {
  return Uint8Array.from(packr.pack(value));
}

/** @throws Error for bytes that `encodeValue` did not make */
export function decodeValue(bytes: Uint8Array, resolve: ResolveRef): unknown {
  resolveRef = resolve;
  try {
    return unpackr.unpack(bytes);
  } finally {
    resolveRef = undefined;
  }
}
