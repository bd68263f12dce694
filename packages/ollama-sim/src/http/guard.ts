import type { Exchange, Headers } from './exchange.ts';

/** Decision about a request before its route is searched. */
export type GuardDecision =
  | { readonly kind: 'pass'; readonly headers: Headers }
  | { readonly kind: 'refuse' }
  | { readonly kind: 'preflight'; readonly headers: Headers };

const LOCAL_ORIGIN = /^https?:\/\/(localhost|127\.0\.0\.1|0\.0\.0\.0)(:\d+)?$/;
const APP_ORIGIN = /^(app|file|tauri|vscode-webview|vscode-file):\/\//;
const PRIVATE_NAME = /(^|\.)(localhost|local|internal)$/;
const ALLOWED_HEADERS =
  'Authorization,Content-Type,User-Agent,Accept,X-Requested-With,Openai-Beta,X-Stainless-Arch,X-Stainless-Async,X-Stainless-Custom-Poll-Interval,X-Stainless-Helper-Method,X-Stainless-Lang,X-Stainless-Os,X-Stainless-Package-Version,X-Stainless-Poll-Helper,X-Stainless-Retry-Count,X-Stainless-Runtime,X-Stainless-Runtime-Version,X-Stainless-Timeout';

/** Rules for Origin (CORS) and Host of a server on a loopback address. */
export function decideGuard(exchange: Exchange, checkHost: boolean): GuardDecision {
  const host = exchange.header('host') ?? '';
  const origin = exchange.header('origin');
  const sameOrigin = origin !== undefined && origin.replace(/^https?:\/\//, '') === host;
  if (origin !== undefined && !sameOrigin) {
    if (!LOCAL_ORIGIN.test(origin) && !APP_ORIGIN.test(origin)) return { kind: 'refuse' };
    const headers = { 'Access-Control-Allow-Origin': origin, Vary: 'Origin' };
    if (exchange.method === 'OPTIONS')
      return {
        kind: 'preflight',
        headers: {
          'Access-Control-Allow-Headers': ALLOWED_HEADERS,
          'Access-Control-Allow-Methods': 'GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS',
          'Access-Control-Max-Age': '43200',
          ...headers,
        },
      };
    return checkHost && !isLocalHost(host) ? { kind: 'refuse' } : { kind: 'pass', headers };
  }
  if (!checkHost) return { kind: 'pass', headers: {} };
  if (!isLocalHost(host)) return { kind: 'refuse' };
  const named = !isIp(hostName(host));
  if (exchange.method === 'OPTIONS' && named && !sameOrigin) return { kind: 'preflight', headers: {} };
  return { kind: 'pass', headers: {} };
}

/** Names of this machine or its private network. One-label names and `.lan` do not count. */
export function isLocalHost(host: string): boolean {
  const name = hostName(host);
  if (name === '' || PRIVATE_NAME.test(name)) return true;
  if (name === '::' || name === '::1' || /^f[cd][0-9a-f]{2}:/.test(name)) return true;
  if (!isIp(name)) return false;
  const [a = 0, b = 0] = name.split('.').map(Number);
  return (
    a === 127 ||
    a === 10 ||
    (a === 192 && b === 168) ||
    (a === 172 && b >= 16 && b <= 31) ||
    name === '0.0.0.0'
  );
}

/** Whether only this machine can reach a listen address. */
export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || address.startsWith('127.');
}

function hostName(host: string): string {
  const bracketed = /^\[([^\]]*)\]/.exec(host);
  return (bracketed?.[1] ?? host.replace(/:\d*$/, '')).toLowerCase();
}

function isIp(name: string): boolean {
  return /^\d+\.\d+\.\d+\.\d+$/.test(name) || name.includes(':');
}
