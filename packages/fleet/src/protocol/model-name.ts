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

/** Identifies a model: equal for all names of one model. Ollama compares names without regard to case. */
export function modelKey(name: string): string {
  return normaliseModelName(name).toLowerCase();
}

/** Whether the `listed` name of an instance means the model with that key. */
export function isModel(listed: string, key: string): boolean {
  return listed === key || (listed.length === key.length && listed.toLowerCase() === key);
}
