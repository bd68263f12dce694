/**
 * The name of a model, parsed as Ollama does: `[host/][namespace/]model[:tag]` with Ollama's defaults, and an optional
 * `:local` or `:cloud` at the end that says where the model runs.
 *
 * @see https://github.com/ollama/ollama/blob/main/types/model/name.go
 */
export interface ModelName {
  /** The name that Ollama shows: without the default registry and namespace, always with the tag. */
  readonly short: string;
  readonly namespace: string;
}

export type ParsedModelName =
  | { readonly kind: 'ok'; readonly name: ModelName }
  /** Only white space. */
  | { readonly kind: 'empty' }
  /** Ollama does not accept the name. */
  | { readonly kind: 'invalid' }
  /** The name has both `:local` and `:cloud`. */
  | { readonly kind: 'conflict'; readonly text: string }
  /** The model runs in Ollama's cloud, which a fleet never uses. */
  | { readonly kind: 'cloud' };

const part = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$/;
const namespacePart = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,79}$/;
const hostPart = /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,349}$/;

export function parseModelName(raw: string): ParsedModelName {
  const text = raw.trim();
  if (text === '') return { kind: 'empty' };
  const { base, source } = splitSource(text);
  if (source !== undefined && splitSource(base).source !== undefined) return { kind: 'conflict', text };
  const name = parseParts(base);
  if (name === undefined) return { kind: 'invalid' };
  return source === 'cloud' ? { kind: 'cloud' } : { kind: 'ok', name };
}

function splitSource(text: string): { base: string; source?: 'local' | 'cloud' } {
  const colon = text.lastIndexOf(':');
  if (colon < 0) return { base: text };
  const suffix = text.slice(colon + 1).trim();
  const lower = suffix.toLowerCase();
  if (lower === 'cloud' || lower === 'local') return { base: text.slice(0, colon), source: lower };
  if (!suffix.includes('/') && lower.endsWith('-cloud')) {
    return { base: text.slice(0, colon + 1) + suffix.slice(0, -'-cloud'.length), source: 'cloud' };
  }
  return { base: text };
}

function parseParts(base: string): ModelName | undefined {
  let rest = base;
  let tag = 'latest';
  const colon = rest.lastIndexOf(':');
  if (colon > rest.lastIndexOf('/')) {
    tag = rest.slice(colon + 1);
    rest = rest.slice(0, colon);
  }
  const pieces = rest.split('/');
  const model = pieces.pop() ?? '';
  const namespace = pieces.pop() ?? 'library';
  const host = pieces.length === 0 ? 'registry.ollama.ai' : pieces.join('/').replace(/^[^/]*:\/\//, '');
  if (!part.test(model) || !part.test(tag) || !namespacePart.test(namespace) || !hostPart.test(host))
    return undefined;
  const isDefaultHost = host.toLowerCase() === 'registry.ollama.ai';
  const isDefaultNamespace = namespace.toLowerCase() === 'library';
  const prefix = isDefaultHost ? (isDefaultNamespace ? '' : `${namespace}/`) : `${host}/${namespace}/`;
  return { short: `${prefix}${model}:${tag}`, namespace };
}
