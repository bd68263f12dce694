/** Settings of a client. */
export interface ClientOptions {
  /** Address of a gateway, without a path. @default `http://127.0.0.1:11500` */
  readonly url?: string | undefined;
  /** Needed once the cluster has keys. */
  readonly key?: string | undefined;
  /** Longest time of a call with all its attempts, milliseconds. Streams: until the first byte. @default 30000 */
  readonly timeoutMs?: number | undefined;
  /** A stream in which nothing came for this time is cut off, milliseconds. @default 60000 */
  readonly idleTimeoutMs?: number | undefined;
  /** How often a request is sent at most; 1 never repeats. @default 4 */
  readonly maxAttempts?: number | undefined;
  /** @default the global one */
  readonly fetch?: typeof fetch | undefined;
  /** Needed for `agents.watch` where there is no global one (Node 20). */
  readonly webSocket?: typeof WebSocket | undefined;
}

/** Settings with their defaults. */
export interface ClientConfig {
  readonly url: string;
  readonly key: string | undefined;
  readonly timeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxAttempts: number;
  readonly fetch: typeof fetch;
  readonly webSocket: typeof WebSocket | undefined;
}

export const defaults: Pick<ClientConfig, 'url' | 'timeoutMs' | 'idleTimeoutMs' | 'maxAttempts'> = {
  url: 'http://127.0.0.1:11500',
  timeoutMs: 30_000,
  idleTimeoutMs: 60_000,
  maxAttempts: 4,
};

/** @throws TypeError naming the setting */
export function resolveConfig(options: ClientOptions = {}): ClientConfig {
  const config = {
    url: (options.url ?? defaults.url).replace(/\/+$/, ''),
    key: options.key,
    timeoutMs: positive('timeoutMs', options.timeoutMs ?? defaults.timeoutMs),
    idleTimeoutMs: positive('idleTimeoutMs', options.idleTimeoutMs ?? defaults.idleTimeoutMs),
    maxAttempts: positive('maxAttempts', options.maxAttempts ?? defaults.maxAttempts),
    // Called as a function of its own: a browser's fetch refuses another `this`.
    fetch: options.fetch ?? ((...args: Parameters<typeof fetch>) => fetch(...args)),
    webSocket: options.webSocket ?? (globalThis as { WebSocket?: typeof WebSocket }).WebSocket,
  };
  if (!/^https?:\/\/[^/?#]+$/.test(config.url))
    throw new TypeError(`url must be http://HOST:PORT or https://HOST:PORT, not ${config.url}`);
  return Object.freeze(config);
}

function positive(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 1) throw new TypeError(`${name} must be a positive whole number`);
  return value;
}
