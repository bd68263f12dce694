/**
 * Meaning of one answer line for the stream. `more`: another line follows · `done`: contains `done:true` · `error`: an
 * error of Ollama inside the stream, its last line · `broken`: not a JSON object.
 */
export type LineMeaning = 'more' | 'done' | 'error' | 'broken';

/** Content of a JSON string, with its quotes. Loops of single characters do not backtrack. */
const text = String.raw`"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"`;

/**
 * A line with one token, as Ollama writes it: valid JSON without `error` and not the last line. Nearly all lines are
 * such lines, and this test takes a tenth of the time of `JSON.parse`.
 */
const tokenLine = new RegExp(
  `^\\{(?:"(?:model|created_at|response|thinking)":${text},|` +
    `"message":\\{"role":${text}(?:,"(?:content|thinking)":${text})*\\},)*"done":false\\}$`,
);
/** Longer lines are parsed. */
const tokenLineChars = 4_096;

/** Longer lines are only checked for their brackets: parsing megabytes would delay all other streams. */
const parsedChars = 256 * 1024;

export function readLine(line: string): LineMeaning {
  if (line.length <= tokenLineChars && tokenLine.test(line)) return 'more';
  if (line.length > parsedChars)
    return line.startsWith('{') && line.trimEnd().endsWith('}') ? 'more' : 'broken';
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'broken';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'broken';
  if ('error' in value) return 'error';
  return 'done' in value && value.done === true ? 'done' : 'more';
}
