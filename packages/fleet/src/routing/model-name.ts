const part = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$/;
const host = /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,349}$/;

/**
 * The name under which Ollama lists a model: `x` is `x:latest`, and the default registry and namespace are left
 * out (`registry.ollama.ai/library/x` is `x:latest`). Two names mean the same model if this is equal.
 */
export function normaliseModelName(name: string): string {
  let bare = name.trim().replace(/^https?:\/\//, '');
  if (bare.startsWith('registry.ollama.ai/')) bare = bare.slice('registry.ollama.ai/'.length);
  if (bare.startsWith('library/')) bare = bare.slice('library/'.length);
  return bare.includes(':', bare.lastIndexOf('/') + 1) ? bare : `${bare}:latest`;
}

/** Whether Ollama would accept the name at all: `[host[:port]/][namespace/]model[:tag]`. */
export function isModelName(name: string): boolean {
  const parts = normaliseModelName(name).split('/');
  const [model = '', tag = '', ...rest] = (parts.pop() ?? '').split(':');
  if (rest.length > 0 || !part.test(model) || !part.test(tag)) return false;
  const namespace = parts.pop();
  if (namespace !== undefined && !part.test(namespace)) return false;
  const registry = parts.pop();
  return parts.length === 0 && (registry === undefined || host.test(registry));
}
