import type { Random } from './random.ts';
import { randomWord } from './words.ts';

type Schema = Readonly<Record<string, unknown>>;

const KNOWN_TYPES = new Set(['object', 'array', 'string', 'number', 'integer', 'boolean', 'null']);

/** The first part of a schema that cannot be converted to a grammar; null if there is none. */
export function unusableSchema(schema: unknown): Schema | null {
  if (!isObject(schema)) return null;
  const { type } = schema;
  if (typeof type === 'string' && !KNOWN_TYPES.has(type)) return schema;
  for (const part of [...Object.values(objectOr(schema['properties'])), schema['items']]) {
    const bad = unusableSchema(part);
    if (bad) return bad;
  }
  return null;
}

/** A value that fits the schema, with all properties, and strings of one or two words. */
export function valueFor(schema: unknown, random: Random, depth = 0): unknown {
  if (!isObject(schema) || depth > 8) return randomWord(random).trim();
  if ('const' in schema) return schema['const'];
  const choices = schema['enum'];
  if (Array.isArray(choices) && choices.length > 0) return choices[Math.floor(random() * choices.length)];
  const either = schema['anyOf'];
  if (Array.isArray(either) && either.length > 0)
    return valueFor(either[Math.floor(random() * either.length)], random, depth + 1);
  const type: unknown = Array.isArray(schema['type']) ? schema['type'][0] : schema['type'];
  if (type === 'array') return [valueFor(schema['items'], random, depth + 1)];
  if (type === 'integer' || type === 'number') return numberFor(schema, random);
  if (type === 'boolean') return random() < 0.5;
  if (type === 'null') return null;
  if (type === 'string') return stringFor(schema, random);
  const entries = Object.entries(objectOr(schema['properties']));
  return Object.fromEntries(entries.map(([key, part]) => [key, valueFor(part, random, depth + 1)]));
}

function numberFor(schema: Schema, random: Random): number {
  const least = typeof schema['minimum'] === 'number' ? schema['minimum'] : 0;
  const most = typeof schema['maximum'] === 'number' ? schema['maximum'] : least + 9;
  return Math.min(most, Math.ceil(least) + Math.floor(random() * 10));
}

function stringFor(schema: Schema, random: Random): string {
  const most = typeof schema['maxLength'] === 'number' ? schema['maxLength'] : 64;
  return (randomWord(random) + randomWord(random)).trim().slice(0, most);
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectOr(value: unknown): Schema {
  return isObject(value) ? value : {};
}
