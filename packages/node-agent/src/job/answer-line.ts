/**
 * What one answer line means for the stream. `more`: another is to come · `done`: says `done:true` · `error`: Ollama's
 * own in-stream error, after which nothing follows · `broken`: not a JSON object.
 */
export type LineMeaning = 'more' | 'done' | 'error' | 'broken';

/** Lines above this are judged by their brackets only: parsing megabytes would hold up every other stream. */
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
