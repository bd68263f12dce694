import { type RawJson, readRaw } from '../go-compat/raw-json.ts';
import { invalidArgument } from './rpc-failure.ts';

/** The path of a route with its values encoded, and the query without the empty ones. */
export function pathOf(
  parts: readonly string[],
  query: Readonly<Record<string, string | number | undefined>> = {},
): string {
  const given = Object.entries(query).filter(
    ([, value]) => value !== undefined && value !== '' && value !== 0,
  );
  const text = new URLSearchParams(
    given.map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
  return `/${parts.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`;
}

/** A JSON body without the fields that have proto's value for "not set". */
export function jsonBody(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(fields).filter(([, value]) => isSet(value))));
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== '' && value !== 0;
}

/**
 * JSON text of a field as it stands; undefined for an empty one.
 *
 * @throws RpcFailure INVALID_ARGUMENT naming the field
 */
export function rawField(field: string, text: string): string | undefined {
  if (text.trim() === '') return undefined;
  try {
    const value = readRaw(text);
    if (value !== undefined) return value.text;
  } catch {
    // Not JSON.
  }
  throw invalidArgument(field, 'must be JSON');
}

/** A JSON object whose members have their text already; those that are undefined are left out. */
export function objectText(members: Readonly<Record<string, string | undefined>>): string {
  const parts = Object.entries(members).flatMap(([name, text]) =>
    text === undefined ? [] : [`${JSON.stringify(name)}:${text}`],
  );
  return `{${parts.join(',')}}`;
}

/** The text of a value that is not empty; undefined for proto's value for "not set". */
export function valueText(value: string | number | boolean): string | undefined {
  return value === '' || value === 0 || value === false ? undefined : JSON.stringify(value);
}

/** Reads the members of a JSON object, whose texts stay as they are. */
export class Members {
  readonly #members: ReadonlyMap<string, RawJson>;

  constructor(text: string | RawJson | undefined) {
    const value = typeof text === 'string' ? readRaw(text) : text;
    this.#members = value?.members() ?? new Map();
  }

  has(name: string): boolean {
    return this.#members.has(name);
  }

  string(name: string): string {
    return this.#members.get(name)?.string ?? '';
  }

  number(name: string): number {
    const value = this.#members.get(name)?.parse();
    return typeof value === 'number' ? value : 0;
  }

  boolean(name: string): boolean {
    return this.#members.get(name)?.text === 'true';
  }

  raw(name: string): string {
    return this.#members.get(name)?.decoded ?? '';
  }

  within(name: string): Members {
    return new Members(this.#members.get(name));
  }

  elements(name: string): readonly Members[] {
    return (this.#members.get(name)?.elements() ?? []).map((element) => new Members(element));
  }

  values(name: string): readonly unknown[] {
    const value = this.#members.get(name)?.parse();
    return Array.isArray(value) ? value : [];
  }
}
