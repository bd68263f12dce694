import { RawJson } from '../go-compat/raw-json.ts';

/**
 * Names of the request's fields that neither Ollama nor the gateway uses, for `x-drover-ignored`. Fields whose value is
 * null or that in `harmless` are left out, because using them would not change the answer.
 */
export function ignoredFields(
  body: Readonly<Record<string, unknown>>,
  known: readonly string[],
  harmless: Readonly<Record<string, unknown>>,
): readonly string[] {
  return Object.keys(body)
    .filter((key) => !known.includes(key) && textOf(body[key]) !== 'null')
    .filter((key) => !(Object.hasOwn(harmless, key) && JSON.stringify(harmless[key]) === textOf(body[key])))
    .map(headerName)
    .slice(0, maxIgnoredFields);
}

/** Names of fields as the header shows them. */
export function headerNames(names: Iterable<string>): readonly string[] {
  return [...names].map(headerName).slice(0, maxIgnoredFields);
}

function headerName(name: string): string {
  return name.replace(/[^A-Za-z0-9_.-]/g, '_').slice(0, 64);
}

/** JSON text of a field's value. Unknown fields hold raw JSON; known fields hold decoded values. */
function textOf(value: unknown): string {
  return value instanceof RawJson ? value.text : JSON.stringify(value ?? null);
}

/** Bounds the size of the header for every body. */
const maxIgnoredFields = 32;
