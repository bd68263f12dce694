import { inspect, isDeepStrictEqual } from 'node:util';
import { BaseRef } from '../actor/base-ref.ts';
import { endpointPath } from '../actor/endpoint-path.ts';

/**
 * An expectation of a test failed. The error belongs to no test framework: every framework shows its message, which
 * lists what was recorded, and those that show differences find `expected` and `actual`.
 */
export class ExpectationFailedError extends Error {
  readonly code = 'expectation-failed';
  readonly expected: unknown;
  readonly actual: unknown;
  constructor(message: string, expected: unknown, actual: unknown) {
    super(message);
    this.name = 'ExpectationFailedError';
    this.expected = expected;
    this.actual = actual;
  }
}

/**
 * Which values match: a predicate, or an object whose fields must equal those of the value deeply. Other fields of the
 * value are free.
 */
export type Match<T> = ((value: T) => boolean) | Partial<UnionFields<T>>;

/** All fields of all members of a union. */
type UnionFields<T> = {
  [K in T extends unknown ? keyof T : never]: T extends { [P in K]: infer V } ? V : never;
};

/** Whether `value` matches. A predicate that throws does not match. */
export function matches<T>(match: Match<T>, value: T): boolean {
  if (typeof match === 'function') {
    try {
      return match(value);
    } catch {
      return false;
    }
  }
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(match).every(([key, wanted]) =>
    isDeepStrictEqual((value as Record<string, unknown>)[key], wanted),
  );
}

/** Short description of a match, for an error message. */
export function describe(match: unknown): string {
  if (typeof match !== 'function') return show(match);
  return match.name === ''
    ? `what ${String(match).slice(0, longestShown)} accepts`
    : `what ${match.name} accepts`;
}

const longestShown = 300;

/** A value on one line, with refs shown by their address; cut off when too long. */
export function show(value: unknown): string {
  const text = inspect(readable(value, 4), {
    depth: 6,
    breakLength: Number.POSITIVE_INFINITY,
    compact: true,
  });
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
}

/** The recorded entries, one line each; only the newest when there are many. */
export function listSeen(
  what: string,
  seen: readonly { readonly atMs: number; readonly text: string }[],
): string {
  if (seen.length === 0) return `  ${what}: none`;
  const shown = seen.slice(-longestList);
  const left = seen.length - shown.length;
  return [
    `  ${what}:`,
    ...(left > 0 ? [`    … ${left} earlier ones`] : []),
    ...shown.map(({ atMs, text }) => `    ${atMs.toFixed(0)} ms  ${text}`),
  ].join('\n');
}

const longestList = 20;

function readable(value: unknown, depth: number): unknown {
  if (value instanceof BaseRef) return new Shown(refName(value));
  if (value instanceof Error) return new Shown(`${value.name}: ${value.message}`);
  if (typeof value !== 'object' || value === null || depth === 0) return value;
  if (Array.isArray(value)) return value.map((item) => readable(item, depth - 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, readable(item, depth - 1)]));
}

function refName(ref: BaseRef): string {
  // The address of an endpoint is created when it is first read, which publishes the endpoint: an error message must
  // not do that.
  if (!Object.hasOwn(ref, 'address') && 'nodeGone' in ref) return `<ref ${endpointPath}>`;
  const { node, path, uid } = ref.address;
  return `<ref ${node}/${path}#${uid}>`;
}

class Shown {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  [inspect.custom](): string {
    return this.#text;
  }
}
