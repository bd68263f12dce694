const PART = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
const HOST = /^[A-Za-z0-9_.:-]+$/;

/** Whether Ollama accepts the name: `[host/][namespace/]model[:tag]`. */
export function isValidName(name: string): boolean {
  const bare = name.replace(/^https?:\/\//, '');
  const parts = bare.split('/');
  const last = parts.pop() ?? '';
  const [model = '', tag = 'latest', ...rest] = last.split(':');
  if (rest.length > 0 || !PART.test(model) || !PART.test(tag)) return false;
  const namespace = parts.pop();
  if (namespace !== undefined && !PART.test(namespace)) return false;
  const host = parts.pop();
  return parts.length === 0 && (host === undefined || HOST.test(host));
}

/** Name with tag and without scheme: the key of a model. */
export function fullName(name: string): string {
  const bare = name.replace(/^https?:\/\//, '').replace(/^registry\.ollama\.ai\/library\//, '');
  return bare.includes(':', bare.lastIndexOf('/') + 1) ? bare : `${bare}:latest`;
}

/** Name with registry and namespace, as in some error texts of Ollama. */
export function registryName(name: string): string {
  const full = fullName(name);
  const slashes = full.split('/').length - 1;
  if (slashes === 0) return `registry.ollama.ai/library/${full}`;
  return slashes === 1 ? `registry.ollama.ai/${full}` : full;
}
