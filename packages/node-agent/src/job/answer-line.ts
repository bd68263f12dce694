/**
 * Meaning of one answer line for the stream. `more`: another line follows · `done`: contains `done:true` · `error`: an
 * error of Ollama inside the stream, its last line · `broken`: not a JSON object.
 */
export type LineMeaning = 'more' | 'done' | 'error' | 'broken';

/** Longer lines are only checked for their brackets: parsing megabytes would delay all other streams. */
const parsedChars = 256 * 1024;

export function readLine(line: string): LineMeaning {
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
