import type { FailureCause } from './signal.ts';

/** The last failure or kill of an actor, kept for inspection. */
export interface LastFailure {
  /** `name: message`, cut to 500 characters. */
  readonly text: string;
  /** The `code` of the error where it has one, else its name. */
  readonly code: string;
  /** Wall clock time in milliseconds since the Unix epoch. */
  readonly atMs: number;
}

/** Bounds of the kept text: an error may contain megabytes of data. */
const maxTextLength = 500;
const maxCodeLength = 64;

export function describeFailure(cause: unknown, atMs: number): LastFailure {
  const text = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return { text: cut(text, maxTextLength), code: cut(codeOf(cause), maxCodeLength), atMs };
}

/** The failure of an actor as its watchers see it. */
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
