import type { FailureCause } from './signal.ts';

/** Why an actor last failed or was killed, kept for whoever looks at it. */
export interface LastFailure {
  /** `name: message`, cut to 500 characters. */
  readonly text: string;
  /** The error's `code` where it has one, else its name. */
  readonly code: string;
  /** When, by the wall clock, in milliseconds since the Unix epoch. */
  readonly atMs: number;
}

/** A cause may hold megabytes of somebody's data; what is kept of it does not. */
const maxTextLength = 500;
const maxCodeLength = 64;

export function describeFailure(cause: unknown, atMs: number): LastFailure {
  const text = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return { text: cut(text, maxTextLength), code: cut(codeOf(cause), maxCodeLength), atMs };
}

/** What the watchers of an actor are told of its failure. */
export function causeOf(error: unknown): FailureCause {
  const message = error instanceof Error ? error.message : String(error);
  return { code: cut(codeOf(error), maxCodeLength), message: cut(message, maxTextLength), error };
}

/** Reads a failure reported by another node; undefined for an invalid one. */
export function causeFrom(code: unknown, message: unknown): FailureCause | undefined {
  if (typeof code !== 'string') return undefined;
  const text = typeof message === 'string' ? message : '';
  return { code: cut(code, maxCodeLength), message: cut(text, maxTextLength) };
}

function codeOf(cause: unknown): string {
  if (!(cause instanceof Error)) return typeof cause;
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
