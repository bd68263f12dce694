import { hasCode } from '../errors.ts';
import { call, outgoingOf } from '../http/call.ts';
import type { CallOptions, Transport } from '../http/transport.ts';
import { pages } from '../streaming/pages.ts';
import { parseJson } from '../streaming/parse-json.ts';
import { readLines } from '../streaming/read-lines.ts';
import { serverEvents } from '../streaming/server-events.ts';

/** A value of the memory. */
export interface MemoryValue {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly revision: number;
  /** How old the copy may be, milliseconds. */
  readonly ageMs: number;
}

/** Conditions and policy of a write. */
export interface WriteOptions extends CallOptions {
  /** Only if the value has this revision, else 412 `revision-mismatch`; 0: only if there is none. */
  readonly ifRevision?: number | undefined;
  readonly ttlMs?: number | undefined;
  /** `reject`, `last-writer`, `merge:NAME` or `crdt:KIND`: fixed by the first write. */
  readonly policy?: string | undefined;
}

/** A key as it is listed. */
export interface MemoryItem {
  readonly key: string;
  readonly revision: number;
  readonly bytes: number;
  readonly expiresAt?: string | undefined;
}

/** A change or a conflict of a key. */
export interface MemoryChange {
  readonly type: string;
  readonly key?: string;
  readonly revision?: number;
}

/** The replicated memory. Scopes: `global`, `tenant:ID`, `session:ID`, `run:ID`, `agent:ID`. */
export class MemoryApi {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** @returns undefined where the key has no value */
  async get(
    scope: string,
    key: string,
    { read, ...options }: CallOptions & { read?: 'cached' | 'leader' | 'fresh' } = {},
  ): Promise<MemoryValue | undefined> {
    try {
      const { response, deadline } = await this.#transport.open(
        outgoingOf('GET /api/v1/memory/{scope}/{key}', { path: { scope, key }, query: { read }, ...options }),
      );
      try {
        return await readValue(response);
      } finally {
        deadline.clear();
      }
    } catch (error) {
      if (hasCode(error, 'not-found')) return undefined;
      throw error;
    }
  }

  /** The value as JSON; undefined where the key has none. */
  async getJson(
    scope: string,
    key: string,
    options: CallOptions & { read?: 'cached' | 'leader' | 'fresh' } = {},
  ): Promise<unknown> {
    const value = await this.get(scope, key, options);
    return value === undefined ? undefined : parseJson(new TextDecoder().decode(value.bytes));
  }

  /** Stores a value as JSON. @returns its revision */
  async putJson(scope: string, key: string, value: unknown, options: WriteOptions = {}): Promise<number> {
    return this.put(scope, key, JSON.stringify(value), { contentType: 'application/json', ...options });
  }

  /** Stores a value as it is. @returns its revision */
  async put(
    scope: string,
    key: string,
    body: string | Uint8Array<ArrayBuffer>,
    { ifRevision, ttlMs, policy, contentType, ...options }: WriteOptions & { contentType?: string } = {},
  ): Promise<number> {
    const type = contentType ?? (typeof body === 'string' ? 'text/plain; charset=utf-8' : binaryType);
    const outgoing = outgoingOf('PUT /api/v1/memory/{scope}/{key}', {
      path: { scope, key },
      query: { ttlMs, policy },
      headers: { ...conditionOf(ifRevision), 'content-type': type },
      body,
      ...options,
    });
    return ((await this.#transport.json(outgoing)) as { revision: number }).revision;
  }

  /** Changes a CRDT. */
  async change(
    scope: string,
    key: string,
    ops: readonly unknown[],
    { ttlMs, policy, ...options }: CallOptions & { ttlMs?: number; policy?: string } = {},
  ): Promise<{ readonly revision: number; readonly value: unknown }> {
    return call(this.#transport, 'POST /api/v1/memory/{scope}/{key}/ops', {
      path: { scope, key },
      query: { ttlMs, policy },
      body: { ops },
      ...options,
    });
  }

  async delete(
    scope: string,
    key: string,
    { ifRevision, ...options }: CallOptions & { ifRevision?: number } = {},
  ): Promise<void> {
    await call(this.#transport, 'DELETE /api/v1/memory/{scope}/{key}', {
      path: { scope, key },
      headers: conditionOf(ifRevision),
      ...options,
    });
  }

  /** The keys of a scope, page by page. */
  list(
    scope: string,
    filter: { prefix?: string; limit?: number } = {},
    options: CallOptions = {},
  ): AsyncGenerator<MemoryItem, void> {
    return pages(async (cursor) =>
      call(this.#transport, 'GET /api/v1/memory/{scope}', {
        path: { scope },
        query: { ...filter, cursor },
        ...options,
      }).then((page) => ({ items: page.items, cursor: page.cursor })),
    );
  }

  /** Changes as they happen. A stream that is cut ends with an error: read the keys anew, then watch again. */
  async *watch(
    scope: string,
    { prefix, ...options }: CallOptions & { prefix?: string } = {},
  ): AsyncGenerator<MemoryChange, void> {
    const outgoing = outgoingOf('GET /api/v1/memory/{scope}/-/events', {
      path: { scope },
      query: { prefix },
      ...options,
    });
    for await (const { data } of serverEvents(readLines(this.#transport, outgoing)))
      if (data !== '') yield parseJson(data) as MemoryChange;
  }
}

const binaryType = 'application/octet-stream';

async function readValue(response: Response): Promise<MemoryValue> {
  const { headers } = response;
  return {
    bytes: new Uint8Array(await response.arrayBuffer()),
    contentType: headers.get('content-type') ?? binaryType,
    revision: Number((headers.get('etag') ?? '0').replaceAll('"', '')),
    ageMs: Number(headers.get('x-drover-memory-age-ms') ?? 0),
  };
}

function conditionOf(revision: number | undefined): Record<string, string> {
  if (revision === undefined) return {};
  return revision === 0 ? { 'If-None-Match': '*' } : { 'If-Match': `"${revision}"` };
}
