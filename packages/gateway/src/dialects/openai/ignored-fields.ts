import { RawJson } from '../../go-compat/raw-json.ts';

/**
 * Names of the request's fields that neither Ollama nor the gateway acts on, for `x-drover-ignored`. A field that
 * asks for what happens anyway (null, or the value in `harmless`) is not worth a word.
 */
export function ignoredFields(
  body: Readonly<Record<string, unknown>>,
  known: readonly string[],
  harmless: Readonly<Record<string, unknown>>,
): readonly string[] {
  return Object.keys(body)
    .filter((key) => !known.includes(key) && textOf(body[key]) !== 'null')
    .filter((key) => !(Object.hasOwn(harmless, key) && JSON.stringify(harmless[key]) === textOf(body[key])))
    .map((key) => key.replace(/[^A-Za-z0-9_.-]/g, '_').slice(0, 64))
    .slice(0, maxIgnoredFields);
}

/** Unknown fields are raw; a known one that is told all the same is a number. */
function textOf(value: unknown): string {
  return value instanceof RawJson ? value.text : JSON.stringify(value ?? null);
}

/** Names told at most: the header must stay small whatever the body holds. */
const maxIgnoredFields = 32;
