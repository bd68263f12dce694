import { inspect, isDeepStrictEqual } from 'node:util';
import { BaseRef } from '../actor/base-ref.ts';
import { endpointPath } from '../actor/endpoint-path.ts';

/**
 * What a test expected did not come. Of no test framework: each of them shows the message, which lists what was seen,
 * and those that show differences find `expected` and `actual`.
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
 * Says which values are meant: by a function, or by an object whose fields theirs must equal, each of them deeply,
 * others being free.
 */
export type Match<T> = ((value: T) => boolean) | Partial<UnionFields<T>>;

/** All fields of all members of a union. */
type UnionFields<T> = {
  [K in T extends unknown ? keyof T : never]: T extends { [P in K]: infer V } ? V : never;
};

/** Does `value` fit? A function that throws says no. */
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

/** A match in a few words, for a failure. */
export function describe(match: unknown): string {
  if (typeof match !== 'function') return show(match);
  return match.name === ''
    ? `what ${String(match).slice(0, longestShown)} accepts`
    : `what ${match.name} accepts`;
}

const longestShown = 300;

/** A value on one line, refs by their address, cut off where it is long. */
export function show(value: unknown): string {
  const text = inspect(readable(value, 4), {
    depth: 6,
    breakLength: Number.POSITIVE_INFINITY,
    compact: true,
  });
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
}

/** What was seen, one line each; the newest ones when there are many. */
export function listSeen(
  what: string,
  seen: readonly { readonly atMs: number; readonly text: string }[],
): string {
  if (seen.length === 0) return `  ${what}: none`;
  const shown = seen.slice(-longestList);
  const left = seen.length - shown.length;
  return [
    `  ${what}:`,
    ...(left > 0 ? [`    … ${left} before these`] : []),
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
  // The address of an endpoint is made when it is read: looking at one in a failure should not publish it.
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
