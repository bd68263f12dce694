/** Origins that Ollama always allows. */
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

/** Request headers that Ollama allows, in its order. */
const ollamaHeaders = [
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
].join(',');

/** Request headers that only the gateway reads, beside `x-drover-…`. */
const gatewayHeaders: readonly string[] = [
  'idempotency-key',
  'x-api-key',
  'if-match',
  'if-none-match',
  'last-event-id',
];

export type OriginDecision =
  /** The request is not from a browser, or it is from a page of this gateway. */
  | { readonly kind: 'none' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'preflight'; readonly headers: OriginHeaders }
  | { readonly kind: 'allowed'; readonly headers: OriginHeaders };

export type OriginHeaders = Readonly<Record<string, string | readonly string[]>>;

/**
 * Decides which browser pages may use the gateway, exactly as Ollama does (gin's CORS with Ollama's list), because
 * existing browser clients depend on it. Pure.
 *
 * @param extra allowed origins beside Ollama's list; one `*` in each is a wildcard
 */
export function decideOrigin(
  request: {
    readonly method: string;
    readonly host: string;
    readonly origin: string | undefined;
    /** A preflight's `access-control-request-headers`. */
    readonly wantedHeaders?: string | undefined;
  },
  extra: readonly string[],
): OriginDecision {
  const { origin, host } = request;
  if (origin === undefined || origin === '') return { kind: 'none' };
  if (origin === `http://${host}` || origin === `https://${host}`) return { kind: 'none' };
  if (![...extra, ...ollamaOrigins].some((pattern) => matches(pattern, origin))) return { kind: 'refused' };
  // With `*` in OLLAMA_ORIGINS the answer is the same for every page, so it has no `Vary` header.
  const isForAll = extra.includes('*');
  const allow = { 'Access-Control-Allow-Origin': isForAll ? '*' : origin };
  if (request.method !== 'OPTIONS')
    return { kind: 'allowed', headers: isForAll ? allow : { ...allow, Vary: 'Origin' } };
  return {
    kind: 'preflight',
    headers: {
      ...allow,
      'Access-Control-Allow-Methods': allowedMethods,
      'Access-Control-Allow-Headers': allowedHeaders(request.wantedHeaders),
      'Access-Control-Max-Age': '43200',
      ...(isForAll
        ? {}
        : { Vary: ['Origin', 'Access-Control-Request-Method', 'Access-Control-Request-Headers'] }),
    },
  };
}

/** Ollama's list, followed by those headers of the gateway that the page asks for. */
function allowedHeaders(wanted = ''): string {
  const added = wanted
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => gatewayHeaders.includes(name) || /^x-drover-[a-z-]{1,40}$/.test(name));
  return [ollamaHeaders, ...new Set(added.slice(0, maxAddedHeaders))].join(',');
}

/** Bounds the size of the answer for every request. */
const maxAddedHeaders = 16;

function matches(pattern: string, origin: string): boolean {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === origin;
  const prefix = pattern.slice(0, star);
  const suffix = pattern.slice(star + 1);
  return (
    origin.length >= prefix.length + suffix.length && origin.startsWith(prefix) && origin.endsWith(suffix)
  );
}
