import type { InferenceRoute } from '@drover/fleet';

/** Properties of a request's body that explain silence. */
export interface RequestShape {
  readonly bytes: number;
  readonly hasImages: boolean;
  /** Whether the request generates text; embeddings and `show` do not. */
  readonly generates: boolean;
  /** Reason why the answer may be held back while it is written; undefined if each token is sent at once. */
  readonly heldBecause: string | undefined;
  /** `unset`: the model decides whether it thinks. */
  readonly think: 'on' | 'off' | 'unset';
  /** `num_predict`, if it is a limit. */
  readonly maxTokens: number | undefined;
}

/** Shape assumed for a body that has not arrived yet. */
export const emptyShape: RequestShape = Object.freeze({
  bytes: 0,
  hasImages: false,
  generates: false,
  heldBecause: undefined,
  think: 'off',
  maxTokens: undefined,
});

/**
 * Searches the fields without parsing, because bodies can be large. Quotes inside a JSON string are escaped, so a match
 * is a field name. If a nested field has the same name, the only effect is that the node-agent waits longer.
 */
export function readShape(route: InferenceRoute, body: Uint8Array): RequestShape {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const generates = route === 'chat' || route === 'generate';
  const think = finds(bytes, 'think', /^(?:true|")/)
    ? 'on'
    : finds(bytes, 'think', /^false/)
      ? 'off'
      : 'unset';
  const numPredict = generates ? valueOf(bytes, 'num_predict') : undefined;
  const maxTokens = Number.parseInt(numPredict ?? '', 10);
  return {
    bytes: bytes.length,
    hasImages: bytes.includes('"images"'),
    generates,
    heldBecause: generates ? heldBecause(bytes) : undefined,
    think: generates ? think : 'off',
    maxTokens: maxTokens > 0 ? maxTokens : undefined,
  };
}

/** Whether Ollama may be writing an answer without having sent a byte yet. */
export function mayBeAnswering({ heldBecause: why, think, generates }: RequestShape): boolean {
  return generates && (why !== undefined || think === 'on');
}

function heldBecause(bytes: Buffer): string | undefined {
  if (finds(bytes, 'stream', /^false/)) return 'the answer comes in one piece';
  if (finds(bytes, 'tools', /^\[\s*[^\s\]]/)) return 'tools are offered';
  if (finds(bytes, 'format', /^(?:"[^"]|\{)/)) return 'the answer has a format';
  return undefined;
}

function finds(bytes: Buffer, field: string, value: RegExp): boolean {
  return valueOf(bytes, field, value) !== undefined;
}

/** Bytes that are read after a field name: white space and the beginning of the value. */
const excerptBytes = 48;

/** The beginning of the first value of the field that matches. */
function valueOf(bytes: Buffer, field: string, value: RegExp = /^/): string | undefined {
  const name = `"${field}"`;
  for (let at = bytes.indexOf(name); at >= 0; at = bytes.indexOf(name, at + 1)) {
    const after = bytes.toString('latin1', at + name.length, at + name.length + excerptBytes);
    const found = /^\s*:\s*(.*)$/s.exec(after)?.[1];
    if (found !== undefined && value.test(found)) return found;
  }
  return undefined;
}
