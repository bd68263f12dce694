/** Fields whose values are part of the shape, not only their types. */
const SPOKEN = new Set([
  'done',
  'done_reason',
  'finish_reason',
  'object',
  'role',
  'owned_by',
  'system_fingerprint',
]);

/**
 * Shape of a JSON value as text: key names in order and types, one element for a list (empty lists apart), the values of a few
 * words such as `done_reason`, and every error text in full.
 */
export function shapeOf(value: unknown, key = ''): string {
  if (SPOKEN.has(key) || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${shapeOf(value[0])}]`;
  if (typeof value === 'string' && (key === 'error' || key === 'message'))
    return JSON.stringify(neutral(value));
  if (typeof value !== 'object') return typeof value;
  const entries = Object.entries(value);
  return `{${entries.map(([name, part]) => `${name}:${shapeOf(part, name)}`).join(',')}}`;
}

/** Error texts with what differs from run to run taken out: addresses, ports, digests, counts of tokens. */
function neutral(text: string): string {
  return text
    .replace(/(?:<dns>|\d+\.\d+\.\d+\.\d+):53/g, '<dns>:53')
    .replace(/got sha256:[0-9a-f]{64}/g, 'got <digest>')
    .replace(/sha256:[0-9a-f]{64}/g, '<digest>')
    .replace(/\(\d+ tokens\)|"n_prompt_tokens":\d+/g, '<count>')
    .replace(/127\.0\.0\.1:(?:<port>|\d+)/g, '<host>');
}

/** The list without repetitions of neighbours, so that counts do not matter. */
export function collapse(list: readonly string[]): readonly string[] {
  return list.filter((each, i) => i === 0 || each !== list[i - 1]);
}
