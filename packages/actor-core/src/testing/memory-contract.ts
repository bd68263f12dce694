import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InvalidArgumentError, MemoryLimitError } from '../errors.ts';
import type { MemoryOptions } from '../memory/memory-config.ts';
import type { MemoryEvent } from '../memory/memory-event.ts';
import type { Memory, MemoryRead, MemoryScope } from '../memory/memory.ts';
import { parseScope } from '../memory/scope.ts';
import { startMemory } from '../memory/start-memory.ts';
import { bucketLog, keySubject } from '../storage/key-value/bucket-spec.ts';
import type { LogRecord } from '../storage/log/log.ts';
import { memoryBucket } from '../transport/subjects.ts';
import type { LocalNode } from '../membership/local-node.ts';

export interface MemoryUnderTest {
  /** Two nodes of one cluster. */
  readonly nodes: readonly [LocalNode, LocalNode];
  /** @default 1 */
  readonly replicas?: number;
  /** Lets time pass until the condition holds. */
  readonly eventually: (condition: () => boolean | Promise<boolean>) => Promise<void>;
  readonly dispose: () => Promise<void>;
}

const bytes = (value: string) => new TextEncoder().encode(value);
const textOf = (read: MemoryRead | undefined) => (read === undefined ? undefined : text(read.value));

const text = (value: Uint8Array) => new TextDecoder().decode(value);

/** Bytes that differ from place to place. */
function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 0xff);
}

async function* partsOf(value: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < value.length; at += size) yield await Promise.resolve(value.subarray(at, at + size));
}

async function* brokenParts(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(1_500_000);
  await Promise.resolve();
  throw new Error('the client left');
}

function sameBytes(read: Uint8Array | undefined, value: Uint8Array): boolean {
  return read !== undefined && Buffer.compare(read, value) === 0;
}

function recordBytes(record: LogRecord | undefined): number | undefined {
  return record?.payload.length;
}

async function revisionOf(result: ReturnType<MemoryScope['put']>): Promise<number> {
  const settled = await result;
  if (settled.kind !== 'written') throw new Error(`came to be ${settled.kind}`);
  return settled.revision;
}

/** The promises of `Memory`, for every storage below it. */
export function memoryContract(name: string, open: () => Promise<MemoryUnderTest>): void {
  describe(`memory on ${name}`, () => {
    let under: MemoryUnderTest;
    let one: Memory;
    let two: Memory;
    let scopes = 0;

    beforeAll(async () => {
      under = await open();
      const options: MemoryOptions = {
        replicas: under.replicas ?? 1,
        maxValueBytes: 3_000_000,
        maxRecordBytes: 100_000,
        coldAfterMs: 1_000,
        coldMinBytes: 50_000,
        upkeepMs: 1_000,
        merges: { lines: (a, b) => bytes(`${text(a)}\n${text(b)}`) },
      };
      one = startMemory(under.nodes[0], options);
      two = startMemory(under.nodes[1], options);
      await under.eventually(() => one.stats.openBuckets === 2 && two.stats.openBuckets === 2);
    });
    afterAll(async () => {
      one.close();
      two.close();
      await under.dispose();
    });

    /** A scope of its own for each test, as both nodes see it. */
    function setup(tenant = 'default'): { here: MemoryScope; there: MemoryScope } {
      const scope = parseScope(`session:s${++scopes}`);
      return { here: one.scope(tenant, scope), there: two.scope(tenant, scope) };
    }

    /** The record of a key of the scope that `setup` returned last. */
    function recordOf(key: string): Promise<LogRecord | undefined> {
      const [node] = under.nodes;
      const bucket = memoryBucket(node.subjects.cell, 'standard');
      const subject = keySubject(bucket, `default.session.s${scopes}.${key}`);
      return node.storage.log.readLast(bucketLog(bucket), subject);
    }

    /** Names of the blobs that were stored for that key. */
    async function blobsOf(key: string): Promise<string[]> {
      const [node] = under.nodes;
      const bucket = await node.storage.blobs.open({ name: memoryBucket(node.subjects.cell, 'standard') });
      const names: string[] = [];
      for await (const page of bucket.entries())
        for (const entry of page)
          if (entry.metadata['key'] === `default.session.s${scopes}.${key}`) names.push(entry.name);
      return names;
    }

    it('reads what was put, at every level and on every node', async () => {
      const { here, there } = setup();
      const revision = await revisionOf(here.put('a/b c.ü', bytes('1'), { contentType: 'text/plain' }));
      for (const level of ['cached', 'leader', 'fresh'] as const) {
        for (const scope of [here, there]) {
          const read = await scope.get('a/b c.ü', { level });
          expect(read).toMatchObject({
            key: 'a/b c.ü',
            revision,
            contentType: 'text/plain',
            policy: 'reject',
          });
          expect(textOf(read)).toBe('1');
        }
      }
      expect(await here.get('nothing')).toBeUndefined();
      expect(await there.get('nothing', { level: 'fresh' })).toBeUndefined();
    });

    it('keeps a cached value up to date with the writes and removals of other nodes', async () => {
      const { here, there } = setup();
      await here.put('a', bytes('1'));
      expect(textOf(await there.get('a', { level: 'cached' }))).toBe('1');
      await here.put('a', bytes('2'));
      await under.eventually(async () => textOf(await there.get('a', { level: 'cached' })) === '2');
      const read = await there.get('a', { level: 'cached' });
      expect(read).toMatchObject({ level: 'cached' });
      expect(read?.ageMs).toBeLessThan(5_000);
      await here.remove('a');
      await under.eventually(async () => (await there.get('a', { level: 'cached' })) === undefined);
    });

    it('shows a `fresh` read every write that was confirmed before it', async () => {
      const { here, there } = setup();
      for (let value = 0; value < 20; value++) {
        await here.put('a', bytes(`${value}`));
        expect(textOf(await there.get('a', { level: 'fresh' }))).toBe(`${value}`);
      }
    });

    it('reads many keys fresh with few barrier writes', async () => {
      const { here } = setup();
      const keys = Array.from({ length: 50 }, (_, index) => `k${index}`);
      await Promise.all(keys.map((key) => here.put(key, bytes(key))));
      const before = one.stats.barrierWrites;
      const reads = await Promise.all(keys.map((key) => here.get(key, { level: 'fresh' })));
      expect(reads.map(textOf)).toEqual(keys);
      expect(one.stats.barrierWrites - before).toBeLessThan(10);
    });

    it('sets a key only at the stated revision, and reports the present one', async () => {
      const { here, there } = setup();
      const first = await revisionOf(here.put('a', bytes('1')));
      const second = await revisionOf(there.put('a', bytes('2'), { ifRevision: first }));
      expect(await here.put('a', bytes('3'), { ifRevision: first })).toEqual({
        kind: 'revision-mismatch',
        revision: second,
      });
      expect(textOf(await here.get('a'))).toBe('2');
      expect(await here.put('b', bytes('1'), { ifRevision: first })).toEqual({
        kind: 'revision-mismatch',
        revision: 0,
      });
    });

    it('sets and removes a key only if it has a value, where that is asked', async () => {
      const { here } = setup();
      const absent = { kind: 'revision-mismatch', revision: 0 };
      expect(await here.put('a', bytes('1'), { ifExists: true })).toEqual(absent);
      expect(await here.remove('a', { ifExists: true })).toEqual(absent);
      await here.put('a', bytes('1'));
      expect(await here.put('a', bytes('2'), { ifExists: true })).toMatchObject({ kind: 'written' });
      expect(await here.remove('a', { ifExists: true })).toEqual({ kind: 'removed' });
      await expect(here.put('a', bytes('1'), { ifExists: true, ifRevision: 3 })).rejects.toMatchObject({
        argument: 'ifExists',
      });
    });

    it('creates a key once, and again after it was removed', async () => {
      const { here, there } = setup();
      const results = await Promise.all(
        [here, there, here, there].map((scope) => scope.put('a', bytes('1'), { ifRevision: 0 })),
      );
      expect(results.filter(({ kind }) => kind === 'written')).toHaveLength(1);
      expect(await there.remove('a')).toEqual({ kind: 'removed' });
      expect(await here.put('a', bytes('2'), { ifRevision: 0 })).toMatchObject({
        kind: 'written',
        isCreated: true,
      });
      expect(await here.put('a', bytes('3'))).toMatchObject({ kind: 'written', isCreated: false });
    });

    it('removes a key only at the stated revision', async () => {
      const { here } = setup();
      const first = await revisionOf(here.put('a', bytes('1')));
      const second = await revisionOf(here.put('a', bytes('2')));
      expect(await here.remove('a', { ifRevision: first })).toEqual({
        kind: 'revision-mismatch',
        revision: second,
      });
      expect(await here.remove('a', { ifRevision: second })).toEqual({ kind: 'removed' });
      expect(await here.remove('a')).toEqual({ kind: 'removed' });
    });

    it('lets one of many writers of a revision win', async () => {
      const { here, there } = setup();
      const first = await revisionOf(here.put('a', bytes('0')));
      const results = await Promise.all(
        Array.from({ length: 16 }, (_, index) =>
          (index % 2 === 0 ? here : there).put('a', bytes(`${index}`), { ifRevision: first }),
        ),
      );
      expect(results.filter(({ kind }) => kind === 'written')).toHaveLength(1);
    });

    it('gives each of many unconditional writes a revision of its own', async () => {
      const { here, there } = setup();
      const revisions = await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          revisionOf((index % 2 ? here : there).put('a', bytes(`${index}`))),
        ),
      );
      expect(new Set(revisions).size).toBe(40);
      expect((await here.get('a', { level: 'fresh' }))?.revision).toBe(Math.max(...revisions));
    });

    it('fixes the policy at the first write', async () => {
      const { here } = setup();
      await here.put('a', bytes('1'));
      expect(await here.put('a', bytes('2'), { policy: 'last-writer' })).toEqual({
        kind: 'policy-mismatch',
        policy: 'reject',
      });
      expect(await here.put('a', bytes('2'), { policy: 'reject' })).toMatchObject({ kind: 'written' });
      expect(await here.operate('a', [{ add: 1 }], { policy: 'crdt:pn-counter' })).toEqual({
        kind: 'policy-mismatch',
        policy: 'reject',
      });
      await expect(here.put('b', bytes('1'), { policy: 'crdt:nothing' })).rejects.toBeInstanceOf(
        InvalidArgumentError,
      );
    });

    it('keeps the later of two values by `last-writer`, and reports the conflict', async () => {
      const { here, there } = setup();
      const first = await revisionOf(here.put('a', bytes('1'), { policy: 'last-writer' }));
      await here.put('a', bytes('2'));
      const heard: MemoryEvent[] = [];
      const stop = here.watch((event) => heard.push(event));
      // The clock of the node has seen the second value, but this writer has not. It writes later.
      await there.get('a');
      expect(await there.put('a', bytes('3'), { ifRevision: first })).toMatchObject({ kind: 'written' });
      expect(textOf(await here.get('a', { level: 'fresh' }))).toBe('3');
      await under.eventually(() => heard.some((event) => event.type === 'conflict'));
      expect(heard.find((event) => event.type === 'conflict')).toMatchObject({
        key: 'a',
        policy: 'last-writer',
        resolution: 'overwrote',
        node: under.nodes[1].nodeId,
      });
      stop();
    });

    it('merges the values of writers that do not know of each other', async () => {
      const { here, there } = setup();
      const policy = 'merge:lines';
      await here.put('a', bytes('0'), { policy });
      await Promise.all([here.put('a', bytes('1')), there.put('a', bytes('2')), here.put('a', bytes('3'))]);
      const lines = textOf(await here.get('a', { level: 'fresh' }))?.split('\n');
      expect(lines?.toSorted()).toEqual(['0', '1', '2', '3']);
    });

    it('replaces a merged value at its revision', async () => {
      const { here } = setup();
      const first = await revisionOf(here.put('a', bytes('0'), { policy: 'merge:lines' }));
      await here.put('a', bytes('1'), { ifRevision: first });
      expect(textOf(await here.get('a'))).toBe('1');
    });

    it('refuses a value that its merge function cannot take', async () => {
      const { here } = setup();
      await here.put('a', bytes('1'), { policy: 'merge:max' });
      await here.put('a', bytes('7'));
      await here.put('a', bytes('3'));
      expect(await here.put('a', bytes('{'))).toMatchObject({ kind: 'merge-failed', policy: 'merge:max' });
      expect(textOf(await here.get('a'))).toBe('7');
    });

    it('counts every operation of every node on a counter', async () => {
      const { here, there } = setup();
      const policy = 'crdt:pn-counter';
      const results = await Promise.all(
        Array.from({ length: 60 }, (_, index) =>
          (index % 2 ? here : there).operate('n', [{ add: 2 }, { add: -1 }], { policy }),
        ),
      );
      expect(results.every(({ kind }) => kind === 'written')).toBe(true);
      const read = await here.get('n', { level: 'fresh' });
      expect(textOf(read)).toBe('60');
      expect(read?.contentType).toBe('application/json');
    });

    it('changes a CRDT only by operations that it has', async () => {
      const { here } = setup();
      expect(await here.operate('s', [{ add: 'x' }])).toEqual({ kind: 'not-found' });
      expect(await here.put('s', bytes(''), { policy: 'crdt:or-set' })).toMatchObject({ isCreated: true });
      expect(await here.operate('s', [{ add: 'x' }, { add: 'y' }, { remove: 'x' }])).toMatchObject({
        kind: 'written',
        value: ['y'],
      });
      expect(await here.put('s', bytes('["z"]'))).toEqual({ kind: 'policy-mismatch', policy: 'crdt:or-set' });
      await expect(here.operate('s', [{ append: 1 }])).rejects.toBeInstanceOf(InvalidArgumentError);
    });

    it('removes a key when its time to live is over, and tells its watchers', async () => {
      const { here, there } = setup();
      const heard: string[] = [];
      const stop = there.watch((event) => heard.push(event.type));
      await here.put('a', bytes('1'), { ttlMs: 1_000 });
      const read = await there.get('a');
      expect(read?.expiresAtMs).toBeGreaterThan(0);
      await under.eventually(() => heard.includes('expired'));
      expect(await there.get('a', { level: 'cached' })).toBeUndefined();
      expect(await here.get('a', { level: 'fresh' })).toBeUndefined();
      stop();
    });

    it('ends a time to live by a write without one', async () => {
      const { here } = setup();
      await here.put('a', bytes('1'), { ttlMs: 1_000 });
      await here.put('a', bytes('2'));
      await here.put('b', bytes('1'), { ttlMs: 1_000 });
      await under.eventually(async () => (await here.get('b')) === undefined);
      expect(textOf(await here.get('a', { level: 'fresh' }))).toBe('2');
    });

    it('makes all changes of a batch or none', async () => {
      const { here, there } = setup();
      const first = await revisionOf(here.put('a', bytes('1')));
      const failed = await there.batch([
        { kind: 'put', key: 'b', value: bytes('1') },
        { kind: 'put', key: 'a', value: bytes('2'), ifRevision: first + 1_000 },
      ]);
      expect(failed).toEqual({ key: 'a', kind: 'revision-mismatch', revision: first });
      expect(await here.get('b', { level: 'fresh' })).toBeUndefined();
      const done = await there.batch([
        { kind: 'put', key: 'b', value: bytes('3'), contentType: 'text/plain' },
        { kind: 'put', key: 'c', value: bytes('4') },
        { kind: 'remove', key: 'a', ifRevision: first },
      ]);
      expect(done).toMatchObject({ kind: 'written' });
      expect(textOf(await here.get('b', { level: 'fresh' }))).toBe('3');
      expect(await here.get('a', { level: 'fresh' })).toBeUndefined();
    });

    it('lists the keys of a scope by prefix, in pages', async () => {
      const { here, there } = setup();
      const keys = ['x/1', 'x/2', 'x/3', 'x/ü', 'y'];
      await Promise.all(keys.map((key) => here.put(key, bytes(key))));
      await here.remove('x/2');
      const first = await there.list({ prefix: 'x/', limit: 2 });
      expect(first.items.map(({ key }) => key)).toEqual(['x/1', 'x/3']);
      const { cursor } = first;
      const second = await there.list({
        prefix: 'x/',
        limit: 2,
        ...(cursor === undefined ? {} : { cursor }),
      });
      expect(second.items.map(({ key }) => key)).toEqual(['x/ü']);
      expect(second.cursor).toBeUndefined();
      expect(second.items[0]).toMatchObject({ bytes: 4, expiresAtMs: undefined });
    });

    it('stores a value that does not fit into a record, and shows it like any other on every node', async () => {
      const { here, there } = setup();
      const value = pattern(2_500_000);
      const revision = await revisionOf(here.put('a', value, { contentType: 'text/x-large' }));
      for (const level of ['cached', 'leader', 'fresh'] as const) {
        for (const scope of [here, there]) {
          const read = await scope.get('a', { level });
          expect(read).toMatchObject({ revision, contentType: 'text/x-large', policy: 'reject' });
          expect(sameBytes(read?.value, value)).toBe(true);
        }
      }
      expect((await there.list()).items).toMatchObject([{ key: 'a', revision, bytes: 2_500_000 }]);
      expect(recordBytes(await recordOf('a'))).toBe(0);
    });

    it('takes and gives a large value in parts', async () => {
      const { here, there } = setup();
      const value = pattern(1_700_000);
      await here.put('a', partsOf(value, 64_000));
      const reading = await there.open('a');
      expect(reading?.bytes).toBe(1_700_000);
      const parts: Uint8Array[] = [];
      for await (const part of reading?.parts ?? []) parts.push(part);
      expect(parts.length).toBeGreaterThan(5);
      expect(sameBytes(Buffer.concat(parts), value)).toBe(true);
      await here.put('b', partsOf(bytes('small'), 2));
      expect(textOf(await there.get('b'))).toBe('small');
      expect(recordBytes(await recordOf('b'))).toBe(5);
    });

    it('stores nothing of a value that is too large or breaks off, in parts too', async () => {
      const { here } = setup();
      const large = here.put('a', partsOf(new Uint8Array(3_000_001), 500_000));
      await expect(large).rejects.toMatchObject({ code: 'value-too-large', limitBytes: 3_000_000 });
      await expect(here.put('a', brokenParts())).rejects.toThrow('the client left');
      expect(await here.get('a', { level: 'fresh' })).toBeUndefined();
      await under.eventually(async () => (await blobsOf('a')).length === 0);
    });

    it('keeps compare-and-set and order for large values of several writers', async () => {
      const { here, there } = setup();
      const first = await revisionOf(here.put('a', pattern(150_000)));
      const results = await Promise.all(
        Array.from({ length: 6 }, (_, index) =>
          (index % 2 ? here : there).put('a', pattern(150_000 + index), { ifRevision: first }),
        ),
      );
      const won = results.findIndex(({ kind }) => kind === 'written');
      expect(results.filter(({ kind }) => kind === 'written')).toHaveLength(1);
      expect((await here.get('a', { level: 'fresh' }))?.value.length).toBe(150_000 + won);
      // Blobs of those that lost, and of the first value, are removed; that of the winner stays.
      await under.eventually(async () => (await blobsOf('a')).length === 1);
      expect((await there.get('a', { level: 'fresh' }))?.value.length).toBe(150_000 + won);
    });

    it('removes the blob of a value that was removed, or replaced by a small one', async () => {
      const { here, there } = setup();
      await here.put('a', pattern(200_000));
      await here.put('b', pattern(200_000));
      expect(await blobsOf('a')).toHaveLength(1);
      await there.remove('a');
      await there.put('b', bytes('1'));
      await under.eventually(async () => [...(await blobsOf('a')), ...(await blobsOf('b'))].length === 0);
      expect(textOf(await here.get('b', { level: 'fresh' }))).toBe('1');
    });

    it('neither reads nor removes the blob of another key, which a record names', async () => {
      const { here } = setup();
      await here.put('a', pattern(200_000));
      const { payload, headers } = (await recordOf('a')) as LogRecord;
      const [node] = under.nodes;
      const bucket = memoryBucket(node.subjects.cell, 'standard');
      const subject = keySubject(bucket, `default.session.s${scopes}.b`);
      const forged = { subject, payload, headers, replacesSubject: true };
      await node.storage.writer.write(bucketLog(bucket), forged, { subject, sequence: 0 });
      await expect(here.get('b', { level: 'fresh' })).rejects.toMatchObject({ code: 'blob-damaged' });
      await here.remove('b');
      // Blobs of replaced values are removed in order.
      await here.put('c', pattern(200_000));
      await here.remove('c');
      await under.eventually(async () => (await blobsOf('c')).length === 0);
      expect(await blobsOf('a')).toHaveLength(1);
    });

    it('moves an old value into a blob and brings it back with a read, without a new revision or event', async () => {
      const { here, there } = setup();
      const heard: string[] = [];
      const stop = there.watch((event) => heard.push(event.type));
      const value = pattern(60_000);
      const revision = await revisionOf(here.put('a', value, { policy: 'last-writer' }));
      await under.eventually(async () => recordBytes(await recordOf('a')) === 0);
      const read = await there.get('a', { level: 'fresh' });
      expect(read).toMatchObject({ revision, policy: 'last-writer' });
      expect(sameBytes(read?.value, value)).toBe(true);
      await under.eventually(() => two.stats.broughtBack + one.stats.broughtBack > 0);
      await under.eventually(async () => recordBytes(await recordOf('a')) === 0);
      expect(await here.put('a', bytes('1'), { ifRevision: revision })).toMatchObject({ kind: 'written' });
      await under.eventually(() => heard.length === 2);
      expect(heard).toEqual(['put', 'put']);
      stop();
    });

    it('merges with a value that was moved', async () => {
      const { here, there } = setup();
      await here.put('a', bytes('x'.repeat(60_000)), { policy: 'merge:lines' });
      await under.eventually(async () => recordBytes(await recordOf('a')) === 0);
      await there.put('a', bytes('y'));
      expect(textOf(await here.get('a', { level: 'fresh' }))).toBe(`${'x'.repeat(60_000)}\ny`);
    });

    it('refuses to merge a value that does not fit into a record', async () => {
      const { here } = setup();
      await here.put('a', bytes('1'), { policy: 'merge:lines' });
      expect(await here.put('a', pattern(150_000))).toMatchObject({ kind: 'merge-failed' });
      expect(textOf(await here.get('a'))).toBe('1');
      await expect(here.batch([{ kind: 'put', key: 'b', value: pattern(150_000) }])).rejects.toMatchObject({
        code: 'value-too-large',
        limitBytes: 100_000,
      });
    });

    it('keeps scopes and tenants apart', async () => {
      const { here } = setup();
      await here.put('a', bytes('1'));
      const { here: other } = setup();
      expect(await other.get('a')).toBeUndefined();
      const same = parseScope(`session:s${scopes - 1}`);
      expect(await one.scope('another', same).get('a')).toBeUndefined();
      expect((await one.scope('another', same).list()).items).toEqual([]);
    });

    it('has one node write a key on which the writes of others lose, and loses nothing', async () => {
      const { here, there } = setup();
      let counted = 0;
      const count = async (scope: MemoryScope): Promise<void> => {
        const result = await scope.operate('c', [{ add: 1 }], { policy: 'crdt:pn-counter' });
        expect(result.kind).toBe('written');
        counted++;
      };
      await under.eventually(async () => {
        await Promise.all(
          [here, there].map(async (scope) => {
            for (let time = 0; time < 20; time++) await count(scope);
          }),
        );
        return one.stats.forwarded + two.stats.forwarded > 0;
      });
      expect(one.stats.hotKeys + two.stats.hotKeys).toBeGreaterThan(0);
      await Promise.all([here, there].map(count));
      const read = await here.get('c', { level: 'fresh' });
      expect(textOf(read)).toBe(String(counted));
      // What the owner wrote for this node, this node reads from its cache.
      await under.eventually(
        async () => textOf(await there.get('c', { level: 'cached' })) === String(counted),
      );
      const put = await there.put('c', bytes('1'), { policy: 'reject' });
      expect(put).toEqual({ kind: 'policy-mismatch', policy: 'crdt:pn-counter' });
    });

    it('tells watchers of a scope about the changes under their prefix, on every node, in order', async () => {
      const { here, there } = setup();
      const heard: string[] = [];
      const stop = there.watch(
        (event) => heard.push('key' in event ? `${event.type} ${event.key}` : event.type),
        { prefix: 'a' },
      );
      await here.put('a1', bytes('1'));
      await here.put('b1', bytes('1'));
      await here.put('a2', bytes('1'));
      await here.remove('a1');
      await under.eventually(() => heard.length === 3);
      expect(heard).toEqual(['put a1', 'put a2', 'deleted a1']);
      stop();
      await here.put('a3', bytes('1'));
      await here.get('a3', { level: 'fresh' });
      expect(heard).toHaveLength(3);
    });

    it('refuses what exceeds a limit, naming it', async () => {
      const { here } = setup();
      const large = here.put('a', new Uint8Array(3_000_001));
      await expect(large).rejects.toBeInstanceOf(MemoryLimitError);
      await expect(large).rejects.toMatchObject({ code: 'value-too-large', limitBytes: 3_000_000 });
      await expect(here.put('', bytes('1'))).rejects.toMatchObject({ argument: 'key' });
      await expect(here.put('-', bytes('1'))).rejects.toMatchObject({ argument: 'key' });
      await expect(here.put('a', bytes('1'), { ttlMs: 10 })).rejects.toMatchObject({ argument: 'ttlMs' });
      expect(() => parseScope('tenant:')).toThrow(InvalidArgumentError);
      expect(() => parseScope('other:x')).toThrow(InvalidArgumentError);
    });
  });
}
