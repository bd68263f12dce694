/** Base URL of an Ollama, without a trailing slash. Can contain user and password: use `shownUrl` for every output. */
export type OllamaUrl = string;

const defaultPort = 11_434;

/** The address that Ollama uses when OLLAMA_HOST is not set. */
export const defaultOllamaUrl: OllamaUrl = `http://127.0.0.1:${defaultPort}`;

/**
 * Reads an address in every notation that Ollama accepts in OLLAMA_HOST: `host`, `host:port`, `:port`, an IPv6
 * address with or without brackets, and a URL with scheme and path (default port 80 for http, 443 for https). A URL
 * may also hold user and password for a proxy. An address that means every interface becomes loopback, because no
 * client can call it.
 *
 * @returns undefined for an address that Ollama cannot read either
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
  // `URL` drops the default port of the scheme. It is added again, because messages must show the port in use.
  return `${url.protocol}//${userOf(url)}${url.hostname}:${port}${path}`;
}

/**
 * The address without user and password, for output. Also accepts a text that is not an address: if a password contains
 * a comma that is not written as `%2C`, the list of addresses is split inside the password, and the first part of the
 * password takes the place of the port.
 */
export function shownUrl(url: OllamaUrl): string {
  return url.replace(/\/\/[^@/]*@/, '//').replace(/^([a-z]+:\/\/[^/:[\]]*:)(?!\d+(?:\/|$)).*$/i, '$1…');
}

/** Commas are encoded, because a comma separates the addresses in `DROVER_OLLAMA`. */
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
