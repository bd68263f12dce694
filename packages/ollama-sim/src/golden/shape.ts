/** Fields whose values are part of the shape, not only their types. */
const comparedWords = new Set([
  'done',
  'done_reason',
  'finish_reason',
  'object',
  'role',
  'owned_by',
  'system_fingerprint',
]);

/** What is compared. `wire` includes the order of keys and the boundaries of chunks, `content` does not. */
export type Comparison = 'wire' | 'content';

/**
 * Shape of a body. Neighbours of equal shape are counted once, so that the number of tokens does not matter. On the
 * wire the parts of one chunk stand on one line.
 */
export function bodyShape(contentType: string, chunks: readonly string[], comparison: Comparison): string {
  const body = chunks.join('');
  if (body === '') return '';
  const separator = separatorOf(contentType);
  if (separator !== undefined) {
    const pieces = comparison === 'wire' ? chunks : [body];
    const shapes = pieces.map((piece) =>
      partsOf(piece, separator).map((part) => partShape(part, comparison)),
    );
    const lines = comparison === 'wire' ? shapes.map((parts) => parts.join(' + ')) : shapes.flat();
    return withoutRepeats(lines).join('\n');
  }
  if (contentType.startsWith('application/json'))
    return jsonShape(JSON.parse(body), comparison) + (body.endsWith('\n') ? '⏎' : '');
  return body;
}

/**
 * Shape of a JSON value as text: key names and types, one element for a list (empty lists apart), the values of a few
 * words such as `done_reason`, and every error text in full.
 */
function jsonShape(value: unknown, comparison: Comparison, key = ''): string {
  if (comparedWords.has(key) || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${jsonShape(value[0], comparison)}]`;
  if (typeof value === 'string' && (key === 'error' || key === 'message'))
    return JSON.stringify(withoutVariableParts(value));
  if (typeof value !== 'object') return typeof value;
  const fields = Object.entries(value).map(([name, part]) => `${name}:${jsonShape(part, comparison, name)}`);
  return `{${(comparison === 'wire' ? fields : fields.toSorted()).join(',')}}`;
}

/** What ends a part of a stream; undefined for other bodies. */
function separatorOf(contentType: string): string | undefined {
  if (contentType.startsWith('application/x-ndjson')) return '\n';
  if (contentType.startsWith('text/event-stream')) return '\n\n';
  return undefined;
}

function partsOf(text: string, separator: string): readonly string[] {
  const pieces = text.split(separator);
  const rest = pieces.pop();
  return rest === '' ? pieces : [...pieces, `${rest}(cut)`];
}

function partShape(part: string, comparison: Comparison): string {
  if (part.endsWith('(cut)')) return '(cut)';
  const json = part.replace(/^data: /, '');
  const prefix = part.slice(0, part.length - json.length);
  // A progress line has no `completed` at 0, which depends on the moment.
  return (
    prefix +
    (json === '[DONE]' ? json : jsonShape(JSON.parse(json), comparison).replace(',completed:number', ''))
  );
}

function withoutRepeats(list: readonly string[]): readonly string[] {
  return list.filter((each, index) => index === 0 || each !== list[index - 1]);
}

/** An error text without addresses, ports, digests and token counts, which differ from run to run. */
function withoutVariableParts(text: string): string {
  return text
    .replace(/(?:<dns>|\d+\.\d+\.\d+\.\d+):53/g, '<dns>:53')
    .replace(/got sha256:[0-9a-f]{64}/g, 'got <digest>')
    .replace(/sha256:[0-9a-f]{64}/g, '<digest>')
    .replace(/\(\d+ tokens\)|\\?"n_prompt_tokens\\?":\d+/g, '<count>')
    .replace(/127\.0\.0\.1:(?:<port>|\d+)/g, '<host>');
}
