/** Address of an Ollama. A proxy in front of it may need a base path, a user and the name of the proxy as `Host`. */
export interface OllamaAddress {
  /** Scheme, host and port that connections are opened to. */
  readonly origin: string;
  /** Prefix of every path: empty, or begins with a slash and does not end with one. */
  readonly basePath: string;
  /** Value of the `authorization` header; undefined for an address without a user. */
  readonly authorization: string | undefined;
  /** The address without user and password, for logs, errors and reports. */
  readonly shown: string;
  /** `Host` headers in the order in which they are tried. */
  readonly hostHeaders: readonly [own: string, local: string];
}

/**
 * Reads `http(s)://[user[:password]@]host[:port][/base/path]`; undefined for any other text.
 *
 * Two `Host` headers are possible. A proxy that routes by name needs the name in the address. An Ollama that listens
 * on a loopback address answers 403 to names it does not know (one-label names, `*.lan`, public names and addresses)
 * and always accepts `localhost`.
 */
export function readOllamaAddress(text: string): OllamaAddress | undefined {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined;
  if (url.hostname === '' || url.search !== '' || url.hash !== '') return undefined;
  const authorization = basicAuthorization(url);
  if (authorization === 'unreadable') return undefined;
  const basePath = url.pathname.replace(/\/+$/, '');
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return {
    origin: url.origin,
    basePath,
    authorization,
    shown: `${url.origin}${basePath}`,
    hostHeaders: [url.host, `localhost:${port}`],
  };
}

/** `unreadable`: a percent sign is not followed by a code. */
function basicAuthorization({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  try {
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
  } catch {
    return 'unreadable';
  }
}
