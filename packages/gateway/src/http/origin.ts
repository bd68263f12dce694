/**
 * Which browser pages may talk to the gateway, exactly as Ollama decides it (gin's CORS with Ollama's list), since
 * the browser clients people use depend on it. Pure.
 */

/** Ollama's own list; OLLAMA_ORIGINS adds to it. */
const ollamaOrigins: readonly string[] = [
  ...['localhost', '127.0.0.1', '0.0.0.0'].flatMap((host) => [
    `http://${host}`,
    `https://${host}`,
    `http://${host}:*`,
    `https://${host}:*`,
  ]),
  'app://*',
  'file://*',
  'tauri://*',
  'vscode-webview://*',
  'vscode-file://*',
];

const allowedMethods = 'GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS';

/** Ollama's list, then what our own routes read. */
const allowedHeaders = [
  'Authorization',
  'Content-Type',
  'User-Agent',
  'Accept',
  'X-Requested-With',
  'Openai-Beta',
  'X-Stainless-Arch',
  'X-Stainless-Async',
  'X-Stainless-Custom-Poll-Interval',
  'X-Stainless-Helper-Method',
  'X-Stainless-Lang',
  'X-Stainless-Os',
  'X-Stainless-Package-Version',
  'X-Stainless-Poll-Helper',
  'X-Stainless-Retry-Count',
  'X-Stainless-Runtime',
  'X-Stainless-Runtime-Version',
  'X-Stainless-Timeout',
  'Idempotency-Key',
  'X-Drover-Request-Id',
  'X-Drover-Timeout-Ms',
].join(',');

export type OriginDecision =
  /** No browser, or the page came from here. */
  | { readonly kind: 'none' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'preflight'; readonly headers: OriginHeaders }
  | { readonly kind: 'allowed'; readonly headers: OriginHeaders };

export type OriginHeaders = Readonly<Record<string, string | readonly string[]>>;

export function decideOrigin(
  request: { readonly method: string; readonly host: string; readonly origin: string | undefined },
  extra: readonly string[],
): OriginDecision {
  const { origin, host } = request;
  if (origin === undefined || origin === '') return { kind: 'none' };
  if (origin === `http://${host}` || origin === `https://${host}`) return { kind: 'none' };
  if (![...extra, ...ollamaOrigins].some((pattern) => matches(pattern, origin))) return { kind: 'refused' };
  const allow = { 'Access-Control-Allow-Origin': origin };
  if (request.method !== 'OPTIONS') return { kind: 'allowed', headers: { ...allow, Vary: 'Origin' } };
  return {
    kind: 'preflight',
    headers: {
      ...allow,
      'Access-Control-Allow-Methods': allowedMethods,
      'Access-Control-Allow-Headers': allowedHeaders,
      'Access-Control-Max-Age': '43200',
      Vary: ['Origin', 'Access-Control-Request-Method', 'Access-Control-Request-Headers'],
    },
  };
}

function matches(pattern: string, origin: string): boolean {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === origin;
  const prefix = pattern.slice(0, star);
  const suffix = pattern.slice(star + 1);
  return (
    origin.length >= prefix.length + suffix.length && origin.startsWith(prefix) && origin.endsWith(suffix)
  );
}
