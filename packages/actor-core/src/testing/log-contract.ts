import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InvalidArgumentError, MessageTooLargeError } from '../errors.ts';
import type { Log, LogRecord } from '../storage/log/log.ts';
import type { LogSpec } from '../storage/log/log-spec.ts';

export interface LogUnderTest {
  readonly log: Log;
  /** @default 1 */
  readonly replicas?: number;
  /** Lets time pass until the condition holds. */
  readonly eventually: (condition: () => boolean | Promise<boolean>) => Promise<void>;
  /** The server's wall clock. */
  readonly wallNow: () => number;
  readonly dispose: () => Promise<void>;
}

const text = (value: string) => new TextEncoder().encode(value);
const textOf = (record: LogRecord | undefined) =>
  record === undefined ? undefined : new TextDecoder().decode(record.payload);

async function collect(pages: AsyncIterable<readonly LogRecord[]>): Promise<LogRecord[]> {
  const all: LogRecord[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}

/** The promises of `Log`, for every storage that fulfils it. */
export function logContract(name: string, open: () => Promise<LogUnderTest>): void {
  describe(`${name} as a log`, () => {
    let under: LogUnderTest;
    let log: Log;
    let logs = 0;

    beforeAll(async () => {
      under = await open();
      ({ log } = under);
    });
    afterAll(() => under.dispose());

    const replicas = () => under.replicas ?? 1;

    /** A fresh log; `subject` builds subjects of it. */
    async function setup(
      fields: Partial<LogSpec> = {},
    ): Promise<{ id: string; spec: LogSpec; subject: (leaf: string) => string }> {
      const id = `l${++logs}`;
      const spec: LogSpec = { name: id, subjects: [`${id}.>`], replicas: replicas(), ...fields };
      await log.ensure(spec);
      await answering(id);
      return { id, spec, subject: (leaf) => `${id}.${leaf}` };
    }

    /** The other servers of a cluster learn of a new log a moment after its creation. */
    async function answering(id: string): Promise<void> {
      const record = { subject: `${id}.probe`, payload: text('') };
      const refused = { subject: record.subject, sequence: 999_999 };
      await under.eventually(async () => (await log.append(id, record, refused)).kind === 'wrong-sequence');
    }

    async function appended(...parameters: Parameters<Log['append']>): Promise<number> {
      const outcome = await log.append(...parameters);
      expect(outcome.kind).toBe('appended');
      return outcome.kind === 'appended' ? outcome.sequence : 0;
    }

    describe('ensure', () => {
      it('creates a log once and states what it guarantees', async () => {
        const { spec } = await setup({ historyPerSubject: 5, maxBytes: 100_000, discard: 'new' });
        const info = await log.ensure(spec);
        expect(info.spec).toMatchObject({
          historyPerSubject: 5,
          maxBytes: 100_000,
          discard: 'new',
          replicas: replicas(),
        });
        expect(info).toMatchObject({ firstSequence: 1, lastSequence: 0, records: 0 });
      });

      it('adds a feed to a log that has none, and keeps its records', async () => {
        const { id, spec, subject } = await setup();
        await appended(id, { subject: subject('a'), payload: text('before') });
        const info = await log.ensure({ ...spec, feed: `feed.${id}` });
        expect(info).toMatchObject({ spec: { feed: `feed.${id}` }, records: 1 });
        await expect(log.ensure({ ...spec, feed: 'feed.other' })).rejects.toMatchObject({
          argument: 'spec.feed',
        });
        const seen: string[] = [];
        await log.follow(id, { onRecord: (record) => seen.push(record.subject) });
        await appended(id, { subject: subject('b'), payload: text('after') });
        await under.eventually(() => seen.includes(subject('b')));
      });

      it('refuses a spec that differs from the existing log and names the field', async () => {
        const { spec } = await setup({ historyPerSubject: 5 });
        await log.ensure({ name: spec.name, subjects: spec.subjects });
        await expect(log.ensure({ ...spec, historyPerSubject: 1 })).rejects.toMatchObject({
          argument: 'spec.historyPerSubject',
        });
        await expect(log.ensure({ ...spec, subjects: ['elsewhere.>'] })).rejects.toMatchObject({
          argument: 'spec.subjects',
        });
      });

      it('changes the limits of a log and keeps the records that fit', async () => {
        const { id, spec, subject } = await setup({ maxBytes: 100_000, maxAgeMs: 3_600_000 });
        for (const leaf of ['a', 'b', 'c'])
          await appended(id, { subject: subject(leaf), payload: new Uint8Array(1_000) });
        const limits = { maxBytes: 2_500, maxAgeMs: 7_200_000 };
        expect(await log.resize(id, limits)).toMatchObject({ spec: limits });
        await under.eventually(async () => (await log.info(id)).records < 3);
        expect(await log.readLast(id, subject('c'))).toBeDefined();
        expect(await log.ensure({ ...spec, ...limits })).toMatchObject({ spec: limits });
        await expect(log.resize('nowhere', limits)).rejects.toMatchObject({ code: 'store-missing' });
      });

      it('begins with the first sequence that the spec states', async () => {
        const { id, subject } = await setup({ firstSequence: 7_000 });
        expect(await appended(id, { subject: subject('a'), payload: text('x') })).toBe(7_000);
      });

      it('reports a missing log', async () => {
        await expect(log.info('nowhere')).rejects.toMatchObject({ code: 'store-missing' });
        await expect(log.readLast('nowhere', 'nowhere.a')).rejects.toMatchObject({ code: 'store-missing' });
      });
    });

    describe('append', () => {
      it('numbers records in the order of acceptance and keeps payload, headers and message id', async () => {
        const { id, subject } = await setup();
        const first = await appended(id, { subject: subject('a'), payload: text('1') });
        const second = await appended(id, {
          subject: subject('a'),
          payload: Uint8Array.of(0, 255, 128),
          headers: { 'X-Kind': 'one two' },
          messageId: 'mine',
        });
        expect(second).toBe(first + 1);
        const record = await log.readLast(id, subject('a'));
        expect(record).toMatchObject({
          subject: subject('a'),
          sequence: second,
          payload: Uint8Array.of(0, 255, 128),
          headers: { 'X-Kind': 'one two' },
          messageId: 'mine',
          isExpiry: false,
        });
        expect(Math.abs((record?.acceptedAtMs ?? 0) - under.wallNow())).toBeLessThan(60_000);
      });

      it('accepts one of many concurrent writers that assert the same sequence', async () => {
        const { id, subject } = await setup();
        const lead = { subject: subject('lead'), sequence: 0 };
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, (_, i) =>
            log.append(id, { subject: subject('lead'), payload: text(`${i}`) }, lead),
          ),
        );
        expect(outcomes.filter(({ kind }) => kind === 'appended')).toHaveLength(1);
        const lost = outcomes.filter(({ kind }) => kind !== 'appended');
        for (const { kind } of lost) expect(['wrong-sequence', 'check-in-flight']).toContain(kind);
      });

      it('asserts the sequence of another subject and reports the actual one', async () => {
        const { id, subject } = await setup();
        const fence = await appended(id, { subject: subject('lead'), payload: text('one') });
        const held = { subject: subject('lead'), sequence: fence };
        const record = { subject: subject('state'), payload: text('x') };
        await appended(id, record, held);
        const newer = await appended(id, { subject: subject('lead'), payload: text('two') }, held);
        expect(await log.append(id, record, held)).toEqual({ kind: 'wrong-sequence', actual: newer });
      });

      it('asserts that no subject under a wildcard has a record', async () => {
        const { id, subject } = await setup();
        const none = { subject: subject('*.job'), sequence: 0 };
        const first = await appended(id, { subject: subject('low.job'), payload: text('x') }, none);
        expect(await log.append(id, { subject: subject('high.job'), payload: text('x') }, none)).toEqual({
          kind: 'wrong-sequence',
          actual: first,
        });
      });

      it('accepts a message id once', async () => {
        const { id, subject } = await setup({ historyPerSubject: 0 });
        const record = { subject: subject('a'), payload: text('x'), messageId: 'once' };
        const sequence = await appended(id, record);
        expect(await log.append(id, record)).toEqual({ kind: 'appended', sequence, isDuplicate: true });
        expect((await log.info(id)).records).toBe(1);
      });

      it('refuses records larger than the bus or the log allows, and writes nothing', async () => {
        const { id, subject } = await setup({ maxRecordBytes: 1_000 });
        for (const bytes of [1_500, 1024 * 1024 + 1])
          await expect(
            log.append(id, { subject: subject('a'), payload: new Uint8Array(bytes) }),
          ).rejects.toBeInstanceOf(MessageTooLargeError);
        expect((await log.info(id)).records).toBe(0);
      });

      it('refuses new records of a full log that discards none', async () => {
        const { id, subject } = await setup({ maxBytes: 2_000, discard: 'new' });
        const record = (leaf: number) => ({ subject: subject(`a${leaf}`), payload: new Uint8Array(900) });
        await appended(id, record(1));
        await log.append(id, record(2));
        await expect(log.append(id, record(3))).resolves.toMatchObject({
          kind: 'refused',
          trouble: 'store-full',
          isTransient: false,
        });
      });

      it('does not answer for a log that nobody made', async () => {
        const outcome = await log.append('nowhere', { subject: 'nowhere.a', payload: text('x') });
        expect(outcome.kind).toBe('unanswered');
      });

      it('refuses reserved headers and impossible expectations', async () => {
        const { id, subject } = await setup();
        const record = { subject: subject('a'), payload: text('x') };
        await expect(log.append(id, { ...record, headers: { 'Nats-TTL': '1s' } })).rejects.toBeInstanceOf(
          InvalidArgumentError,
        );
        await expect(log.append(id, record, { subject: subject('a'), sequence: -1 })).rejects.toBeInstanceOf(
          InvalidArgumentError,
        );
      });

      it('removes the older records of a subject where the record replaces them', async () => {
        const { id, subject } = await setup({ historyPerSubject: 0 });
        for (const value of ['1', '2', '3'])
          await appended(id, { subject: subject('a'), payload: text(value) });
        await appended(id, { subject: subject('b'), payload: text('other') });
        await appended(id, { subject: subject('a'), payload: text('4'), replacesSubject: true });
        const { records } = await log.readForward(id, { from: 1 });
        expect(records.map(textOf)).toEqual(['other', '4']);
      });
    });

    describe('appendBatch', () => {
      it('appends all records with consecutive sequences', async () => {
        const { id, subject } = await setup();
        const batch = Array.from({ length: 50 }, (_, i) => ({
          subject: subject(`k${i}`),
          payload: text(`${i}`),
        }));
        expect(await log.appendBatch(id, batch)).toEqual({
          kind: 'appended',
          sequence: 50,
          isDuplicate: false,
        });
        const { records } = await log.readForward(id, { from: 1 });
        expect(records.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
      });

      it('appends none where one expectation does not hold', async () => {
        const { id, subject } = await setup();
        const fence = await appended(id, { subject: subject('lead'), payload: text('x') });
        const batch = (sequence: number) => [
          {
            subject: subject('a'),
            payload: text('a'),
            expect: { subject: subject('lead'), sequence: fence },
          },
          { subject: subject('b'), payload: text('b'), expect: { subject: subject('b'), sequence } },
        ];
        expect((await log.appendBatch(id, batch(9))).kind).toBe('wrong-sequence');
        expect(await log.readLast(id, subject('a'))).toBeUndefined();
        expect((await log.appendBatch(id, batch(0))).kind).toBe('appended');
      });

      it('does not append a batch again', async () => {
        const { id, subject } = await setup({ historyPerSubject: 0 });
        const batch = ['a', 'b'].map((leaf) => ({
          subject: subject(leaf),
          payload: text('x'),
          messageId: `${leaf}-once`,
        }));
        await log.appendBatch(id, batch);
        expect((await log.appendBatch(id, batch)).kind).toBe('duplicate');
        expect((await log.info(id)).records).toBe(2);
      });

      it('refuses a batch that asserts a subject which it writes before', async () => {
        const { id, subject } = await setup();
        const batch = [
          { subject: subject('a'), payload: text('x') },
          { subject: subject('b'), payload: text('x'), expect: { subject: subject('a'), sequence: 0 } },
        ];
        await expect(log.appendBatch(id, batch)).rejects.toBeInstanceOf(InvalidArgumentError);
      });
    });

    describe('reads', () => {
      it('read one record by its sequence', async () => {
        const { id, subject } = await setup({ historyPerSubject: 2 });
        for (const value of ['1', '2', '3'])
          await appended(id, { subject: subject('a'), payload: text(value) });
        expect(await log.read(id, 1)).toBeUndefined();
        expect(textOf(await log.read(id, 2))).toBe('2');
        expect(await log.read(id, 4)).toBeUndefined();
      });

      it('read forward in pages, over gaps, to the end', async () => {
        const { id, subject } = await setup({ historyPerSubject: 0 });
        const batch = Array.from({ length: 120 }, (_, i) => ({
          subject: subject(`k${i % 3}`),
          payload: text(`${i}`),
        }));
        await log.appendBatch(id, batch);
        await log.purge(id, { subject: subject('k1'), upTo: 60 });
        const seen: number[] = [];
        let from = 1;
        for (let isEnd = false; !isEnd; ) {
          const page = await log.readForward(id, { from, limit: 25 });
          expect(page.records.length).toBeLessThanOrEqual(25);
          seen.push(...page.records.map(({ sequence }) => sequence));
          ({ next: from, isEnd } = page);
        }
        expect(from).toBe(121);
        expect(seen).toEqual(
          Array.from({ length: 120 }, (_, i) => i + 1).filter((n) => n > 60 || (n - 1) % 3 !== 1),
        );
      });

      it('read forward under a filter', async () => {
        const { id, subject } = await setup({ historyPerSubject: 0 });
        for (const leaf of ['x.a', 'y.a', 'x.b', 'x.a'])
          await appended(id, { subject: subject(leaf), payload: text(leaf) });
        const page = await log.readForward(id, { from: 2, filter: subject('x.*') });
        expect(page.records.map(({ sequence }) => sequence)).toEqual([3, 4]);
        expect(page).toMatchObject({ next: 5, isEnd: true });
        expect(await log.readForward(id, { from: 5 })).toEqual({ records: [], next: 5, isEnd: true });
      });

      it('read the newest record of each subject under a filter, in pages', async () => {
        const { id, subject } = await setup({ historyPerSubject: 3 });
        for (const leaf of ['x.b', 'x.a', 'y.a', 'x.b', 'x.c'])
          await appended(id, { subject: subject(leaf), payload: text(leaf) });
        const found = await collect(log.readAllLast(id, subject('x.*'), 2));
        expect(found.map(({ sequence }) => sequence).toSorted((a, b) => a - b)).toEqual([2, 4, 5]);
        expect(await collect(log.readAllLast(id, subject('z.>')))).toEqual([]);
      });

      it('list the subjects that have a record under a filter', async () => {
        const { id, subject } = await setup({ historyPerSubject: 3 });
        for (const leaf of ['x.b', 'x.a', 'y.a', 'x.b'])
          await appended(id, { subject: subject(leaf), payload: text(leaf) });
        expect((await log.listSubjects(id, subject('x.*'))).toSorted()).toEqual([
          subject('x.a'),
          subject('x.b'),
        ]);
        expect(await log.listSubjects(id, subject('z.>'))).toEqual([]);
      });

      it('read the newest record under a wildcard', async () => {
        const { id, subject } = await setup();
        for (const leaf of ['x.b', 'x.a', 'y.a'])
          await appended(id, { subject: subject(leaf), payload: text(leaf) });
        expect(textOf(await log.readLast(id, subject('x.*')))).toBe('x.a');
      });
    });

    describe('removal', () => {
      it('deletes one record and purges a subject up to a sequence', async () => {
        const { id, subject } = await setup({ historyPerSubject: 0 });
        for (const leaf of ['a', 'a', 'a', 'b'])
          await appended(id, { subject: subject(leaf), payload: text(leaf) });
        expect(await log.deleteRecord(id, 4)).toBe(true);
        expect(await log.deleteRecord(id, 4)).toBe(false);
        expect(await log.purge(id, { subject: subject('a'), upTo: 2 })).toBe(2);
        expect((await log.readForward(id, { from: 1 })).records.map(({ sequence }) => sequence)).toEqual([3]);
        expect(await log.info(id)).toMatchObject({ records: 1, lastSequence: 4 });
      });

      it('removes a record whose time to live ran out and leaves a marker', async () => {
        const { id, subject } = await setup({ allowsTtl: true, markerTtlMs: 60_000, feed: 'feed.ttl' });
        const announced: LogRecord[] = [];
        const following = await log.follow(id, { onRecord: (record) => announced.push(record) });
        await appended(id, { subject: subject('a'), payload: text('x'), ttlMs: 1_000 });
        await under.eventually(async () => (await log.readLast(id, subject('a')))?.isExpiry === true);
        await under.eventually(() => announced.length === 2);
        expect(announced[1]).toMatchObject({ sequence: 2, isExpiry: true });
        following.close();
      });

      it('accepts a delayed record at its instant on its target', async () => {
        const { id, subject } = await setup({ allowsDelay: true });
        const delivery = { target: subject('now.a'), atMs: under.wallNow() + 1_000 };
        await appended(id, {
          subject: subject('later.a'),
          payload: text('x'),
          delivery,
          headers: { 'X-Id': '7' },
        });
        expect(await log.readLast(id, subject('now.a'))).toBeUndefined();
        await under.eventually(async () => (await log.readLast(id, subject('now.a'))) !== undefined);
        expect(await log.readLast(id, subject('now.a'))).toMatchObject({ headers: { 'X-Id': '7' } });
        expect(await log.readLast(id, subject('later.a'))).toBeUndefined();
      });
    });

    describe('follow', () => {
      it('announces accepted records with everything that a read shows', async () => {
        const { id, subject } = await setup({ feed: 'feed.one' });
        const announced: LogRecord[] = [];
        const following = await log.follow(id, { onRecord: (record) => announced.push(record) });
        await appended(id, {
          subject: subject('a'),
          payload: text('1'),
          headers: { 'X-A': 'b' },
          messageId: 'm',
        });
        await log.appendBatch(id, [
          { subject: subject('b'), payload: text('2') },
          { subject: subject('c'), payload: text('3') },
        ]);
        await under.eventually(() => announced.length === 3);
        expect(announced.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
        expect(announced[0]).toEqual(await log.readLast(id, subject('a')));
        following.close();
      });

      it('refuses a log without a feed', async () => {
        const { id } = await setup();
        await expect(log.follow(id, { onRecord: () => undefined })).rejects.toBeInstanceOf(
          InvalidArgumentError,
        );
      });
    });
  });
}
