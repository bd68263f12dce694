import type { IssuedKey, Key, Operations } from '../generated/operations.ts';
import { type Answer, call } from '../http/call.ts';
import type { CallOptions, Transport } from '../http/transport.ts';

/** Roles, tenant, models, routes, limits and end of a key. */
export type KeyRequest = Operations['POST /api/v1/keys']['body'];

/** Keys of clients. Needs the role admin. */
export class KeysApi {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async list(options: CallOptions = {}): Promise<readonly Key[]> {
    return (await call(this.#transport, 'GET /api/v1/keys', options)).keys;
  }

  /** The secret is shown this once. From the first key on every request needs one. */
  async create(request: KeyRequest, options: CallOptions = {}): Promise<IssuedKey> {
    return call(this.#transport, 'POST /api/v1/keys', { body: request, ...options });
  }

  /** Gives a key another secret; the old one works for `graceMs` longer. */
  async rotate(
    key: string,
    { graceMs, ...options }: CallOptions & { graceMs?: number } = {},
  ): Promise<IssuedKey> {
    return call(this.#transport, 'POST /api/v1/keys/{key}/rotate', {
      path: { key },
      body: { graceMs },
      ...options,
    });
  }

  /** Changes limits of a key; null removes one. */
  async limit(
    key: string,
    limits: Operations['PATCH /api/v1/keys/{key}']['body'],
    options: CallOptions = {},
  ): Promise<Key> {
    return call(this.#transport, 'PATCH /api/v1/keys/{key}', { path: { key }, body: limits, ...options });
  }

  async revoke(key: string, options: CallOptions = {}): Promise<Key> {
    return call(this.#transport, 'DELETE /api/v1/keys/{key}', { path: { key }, ...options });
  }

  /** Why a key may or may not call a route. */
  async explain(
    query: Operations['GET /api/v1/explain']['query'],
    options: CallOptions = {},
  ): Promise<Answer<'GET /api/v1/explain'>> {
    return call(this.#transport, 'GET /api/v1/explain', { query, ...options });
  }
}
