import { Members, pathOf, rawField } from '../read-fields.ts';
import { type Piece, type RpcTable, stream, unary } from '../rpc.ts';
import { invalidArgument } from '../rpc-failure.ts';

interface KeyProto {
  readonly scope: string;
  readonly key: string;
}

interface PreconditionProto {
  readonly requirement?: 'revision' | 'absent';
  readonly revision?: number;
  readonly absent?: boolean;
}

interface PutProto extends KeyProto {
  readonly value: Buffer;
  readonly contentType: string;
  readonly policy: string;
  readonly ttlMs: number;
  readonly precondition: PreconditionProto | null;
}

interface ChangeProto extends KeyProto {
  readonly operationsJson: string;
  readonly policy: string;
  readonly ttlMs: number;
}

const levels: Readonly<Record<string, string>> = {
  READ_LEVEL_CACHED: 'cached',
  READ_LEVEL_LEADER: 'leader',
  READ_LEVEL_FRESH: 'fresh',
};

/** `drover.v1.MemoryService`, by the routes of the memory. */
export const memoryRpcs: RpcTable = {
  GetValue: unary<KeyProto & { readonly level: string }>(
    ({ scope, key, level }) => ({ method: 'GET', path: keyPath(scope, key, { read: levels[level] }) }),
    ({ bytes, headers }) => ({
      value: bytes,
      contentType: headers['content-type'],
      revision: Number((headers.etag ?? '').replaceAll('"', '')),
      ageMs: Number(headers['x-drover-memory-age-ms'] ?? 0),
      policy: headers['x-drover-memory-policy'],
    }),
  ),
  PutValue: unary<PutProto>(
    ({ scope, key, value, contentType, policy, ttlMs, precondition }) => ({
      method: 'PUT',
      path: keyPath(scope, key, { policy, ttlMs }),
      headers: {
        'content-type': contentType === '' ? undefined : contentType,
        ...conditionOf(precondition),
      },
      body: value,
    }),
    ({ status, text }) => ({ revision: new Members(text).number('revision'), created: status === 201 }),
  ),
  DeleteValue: unary<KeyProto & { readonly precondition: PreconditionProto | null }>(
    ({ scope, key, precondition }) => ({
      method: 'DELETE',
      path: keyPath(scope, key),
      headers: conditionOf(precondition),
    }),
    () => ({}),
  ),
  ListKeys: unary<{
    readonly scope: string;
    readonly prefix: string;
    readonly limit: number;
    readonly cursor: string;
  }>(
    ({ scope, prefix, limit, cursor }) => ({
      method: 'GET',
      path: pathOf(['api', 'v1', 'memory', scope], { prefix, limit, cursor }),
    }),
    ({ text }) => {
      const { items, cursor } = JSON.parse(text) as { items: readonly object[]; cursor?: string };
      return { keys: items, cursor };
    },
  ),
  ChangeValue: unary<ChangeProto>(
    ({ scope, key, operationsJson, policy, ttlMs }) => ({
      method: 'POST',
      path: pathOf(['api', 'v1', 'memory', scope, requireKey(key), 'ops'], { policy, ttlMs }),
      body: `{"ops":${rawField('operations_json', operationsJson) ?? '[]'}}`,
    }),
    ({ text }) => {
      const changed = new Members(text);
      return { valueJson: changed.raw('value'), revision: changed.number('revision') };
    },
  ),
  WatchKeys: stream<{ readonly scope: string; readonly prefix: string }>(
    'events',
    ({ scope, prefix }) => ({
      method: 'GET',
      path: pathOf(['api', 'v1', 'memory', scope, '-', 'events'], { prefix }),
    }),
    ({ event, data }: Piece) => {
      const members = new Members(data);
      return {
        type: event,
        key: members.string('key'),
        revision: members.number('revision'),
        eventJson: data,
      };
    },
  ),
};

function keyPath(
  scope: string,
  key: string,
  query: Record<string, string | number | undefined> = {},
): string {
  return pathOf(['api', 'v1', 'memory', scope, requireKey(key)], query);
}

function requireKey(key: string): string {
  if (key === '') throw invalidArgument('key', 'must not be empty');
  return key;
}

function conditionOf(precondition: PreconditionProto | null): Record<string, string | undefined> {
  if (precondition?.requirement === 'revision') return { 'if-match': `"${precondition.revision ?? 0}"` };
  return precondition?.absent === true ? { 'if-none-match': '*' } : {};
}
