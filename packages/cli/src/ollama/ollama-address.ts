/** Where an Ollama answers, as a base URL without a trailing slash; may hold user and password (see `shownUrl`). */
export type OllamaUrl = string;

const defaultPort = 11_434;

/** The address Ollama itself uses when OLLAMA_HOST says nothing. */
export const defaultOllamaUrl: OllamaUrl = `http://127.0.0.1:${defaultPort}`;

/**
 * Reads an address in every notation that Ollama takes in OLLAMA_HOST: `host`, `host:port`, `:port`, an IPv6
 * address with or without brackets, and URLs with scheme and path (where http means port 80 and https 443). A URL may
 * also name a user and a password, for a proxy that wants them.
 * Addresses that mean "every interface" become loopback, because they are for listening, not for calling.
 *
 * @returns undefined where Ollama would not know what is meant either
 * @see envconfig/config.go `Host` in Ollama's source
 */
export function parseOllamaAddress(text: string): OllamaUrl | undefined {
  const trimmed = text.trim().replaceAll(/^["']+|["']+$/g, '');
  if (trimmed === '') return defaultOllamaUrl;
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(trimmed)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') return undefined;
  const rest = scheme === undefined ? trimmed : trimmed.slice(scheme.length + 3);
  const slash = rest.indexOf('/');
  const whole = slash === -1 ? rest : rest.slice(0, slash);
  const user = whole.slice(0, whole.lastIndexOf('@') + 1);
  if (user !== '' && scheme === undefined) return undefined;
  const authority = whole.slice(user.length);
  const path = slash === -1 ? '' : rest.slice(slash).replaceAll(/\/+$/g, '');
  const parts = splitAuthority(authority);
  if (parts === undefined) return undefined;
  const port = parts.port ?? (scheme === 'https' ? 443 : scheme === 'http' ? 80 : defaultPort);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  const url = URL.parse(`${scheme ?? 'http'}://${user}${callable(parts.host)}:${port}`);
  if (url === null) return undefined;
  // URL drops a port that is its scheme's default; say it anyway, it is what the person wrote about.
  return `${url.protocol}//${userOf(url)}${url.hostname}:${port}${path}`;
}

/**
 * The address as people may see it: without user and password. Takes what is no address too, where a password may stand
 * in the place of the port: a list is cut at its commas, and one in a password must be written `%2C`.
 */
export function shownUrl(url: OllamaUrl): string {
  return url.replace(/\/\/[^@/]*@/, '//').replace(/^([a-z]+:\/\/[^/:[\]]*:)(?!\d+(?:\/|$)).*$/i, '$1…');
}

/** A comma separates addresses in `DROVER_OLLAMA`, so none may be left in a password. */
function userOf({ username, password }: URL): string {
  if (username === '' && password === '') return '';
  return `${username}:${password}@`.replaceAll(',', '%2C');
}

function splitAuthority(authority: string): { host: string; port: number | undefined } | undefined {
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(authority);
  if (bracketed !== null) {
    return { host: bracketed[1] ?? '', port: bracketed[2] === undefined ? undefined : Number(bracketed[2]) };
  }
  if (authority.split(':').length > 2) return { host: authority, port: undefined };
  const [host = '', port] = authority.split(':');
  if (port !== undefined && !/^\d+$/.test(port)) return undefined;
  return { host, port: port === undefined ? undefined : Number(port) };
}

function callable(host: string): string {
  if (host === '' || host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
