import type { Operation } from './linearizability.ts';
import type { RegisterInput, RegisterOutput } from './models.ts';

/** One call of a client to a register. Without an output its outcome is unknown so far. */
export interface RegisterCall {
  readonly key: string;
  readonly input: RegisterInput;
  readonly calledMs: number;
  output: RegisterOutput | undefined;
  returnedMs: number;
}

/**
 * The operation that the checker sees: the store knows what became of a call whose client never heard of it. A read
 * without an answer, and a write that was not accepted, tell nothing.
 *
 * @param acceptedAtMs when a value was accepted at the latest; undefined if it never was
 */
export function resolvedCall(
  call: RegisterCall,
  acceptedAtMs: (value: number) => number | undefined,
): Operation<RegisterInput, RegisterOutput>[] {
  if (call.output !== undefined) return [call];
  const value = writtenBy(call.input);
  const atMs = value === undefined ? undefined : acceptedAtMs(value);
  if (atMs === undefined) return [];
  const output: RegisterOutput =
    call.input.kind === 'write' ? { kind: 'written' } : { kind: 'swapped', isSwapped: true };
  return [{ ...call, output, returnedMs: atMs }];
}

/** The value that the call would store; undefined for a read. */
export function writtenBy(input: RegisterInput): number | undefined {
  if (input.kind === 'write') return input.value;
  return input.kind === 'swap' ? input.to : undefined;
}

export function encodeValue(value: number): Uint8Array {
  return new TextEncoder().encode(String(value));
}

export function decodeValue(payload: Uint8Array): number {
  return Number(new TextDecoder().decode(payload));
}
