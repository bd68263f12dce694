/** Fields whose values are part of the shape, not only their types. */
const spoken = new Set([
  'done',
  'done_reason',
  'finish_reason',
  'object',
  'role',
  'owned_by',
  'system_fingerprint',
]);

/**
 * Shape of a JSON value as text: key names and types, one element for a list (empty lists apart), the
 * values of a few words such as `done_reason`, and every error text in full.
 */
function shapeOf(value: unknown, key = ''): string {
  if (spoken.has(key) || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${shapeOf(value[0])}]`;
  if (typeof value !== 'object') {
    return key === 'error' || key === 'message' ? neutral(JSON.stringify(value)) : typeof value;
  }
  return `{${Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, part]) => `${name}:${shapeOf(part, name)}`)
    .join(',')}}`;
}

/** Shapes of an answer's parts in order, repetitions of neighbours left out so that counts do not matter. */
export function bodyShape(contentType: string, body: string): string {
  if (contentType.startsWith('application/x-ndjson')) return parts(body, '\n');
  if (contentType.startsWith('text/event-stream')) return parts(body, '\n\n');
  if (contentType.startsWith('application/json') && body !== '') {
    return shapeOf(JSON.parse(body)) + (body.endsWith('\n') ? '⏎' : '');
  }
  return body;
}

function parts(body: string, separator: string): string {
  const pieces = body.split(separator);
  const ended = pieces.pop() === '' ? '' : '\n(cut)';
  const shapes = pieces.map(partShape);
  return shapes.filter((shape, index) => shape !== shapes[index - 1]).join('\n') + ended;
}

function partShape(part: string): string {
  const json = part.replace(/^data: /, '');
  const prefix = part.slice(0, part.length - json.length);
  return prefix + (json === '[DONE]' ? json : shapeOf(JSON.parse(json)));
}

/** Error texts with what differs from run to run taken out. */
function neutral(text: string): string {
  return text.replace(/\(\d+ tokens\)|\\?"n_prompt_tokens\\?":\d+/g, '<count>');
}
