import { Packr, Unpackr } from 'msgpackr';

const version = 1;
const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false, copyBuffers: true });

/** One message of a topic. On the wire a positional tuple that only grows: `[1, message]`. */
export function encodeTopicMessage(message: unknown): Uint8Array {
  return new Uint8Array(packr.pack([version, message]));
}

/** Undefined for a payload that is no topic message. */
export function decodeTopicMessage(payload: Uint8Array): { readonly message: unknown } | undefined {
  let value: unknown;
  try {
    value = unpackr.unpack(payload);
  } catch {
    return undefined;
  }
  return Array.isArray(value) && value[0] === version && value.length >= 2
    ? { message: value[1] }
    : undefined;
}
