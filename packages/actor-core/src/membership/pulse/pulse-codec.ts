import { pack, unpack } from 'msgpackr';
import type { PulseAnswer } from '../swim/swim-state.ts';

/**
 * Payloads on the pulse subject of a process. A knock is empty and gets no answer. A question is `[1]`; its answer is
 * `[1, incarnation, lagMs, isConnected]`. Tuples only grow.
 */
const version = 1;

/** The payload of a knock. */
export const knockPayload: Uint8Array = new Uint8Array(0);
/** The payload of a question. */
export const questionPayload: Uint8Array = new Uint8Array(pack([version]));

export function encodePulse({ incarnation, lagMs, isConnected }: PulseAnswer): Uint8Array {
  return new Uint8Array(pack([version, incarnation, Math.round(lagMs), isConnected]));
}

/** Reads an answer; undefined for an invalid one. */
export function decodePulse(payload: Uint8Array): PulseAnswer | undefined {
  let value: unknown;
  try {
    value = unpack(payload);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value) || value[0] !== version) return undefined;
  const [, incarnation, lagMs, isConnected] = value as unknown[];
  if (!Number.isSafeInteger(incarnation) || typeof lagMs !== 'number' || !(lagMs >= 0)) return undefined;
  if (typeof isConnected !== 'boolean') return undefined;
  return { incarnation: incarnation as number, lagMs, isConnected };
}
