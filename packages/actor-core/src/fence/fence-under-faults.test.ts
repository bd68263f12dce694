import { describe, expect, it } from 'vitest';
import { seededRandom } from '../random/seeded-random.ts';
import type { Random } from '../random.ts';
import type { LogRecord } from '../storage/log/log.ts';
import type { LogFault } from '../storage/log/log-fault.ts';
import { RecordWriter } from '../storage/log/record-writer.ts';
import { memoryLogsKit } from '../testing/memory-logs.ts';
import { type Fence, takeFence } from './fence.ts';
import { FencedWriter } from './fenced-writer.ts';

/** What was reported to the writer of one record. */
interface Reported {
  readonly value: string;
  readonly fence: Fence;
  readonly kind: string;
  readonly sequence: number | undefined;
  /** Sequence of the newest fence record at that moment. */
  readonly newestLead: number;
}

const faults: readonly LogFault[] = ['away', 'reply-lost', 'late', 'check-in-flight', 'stale-read'];
const faultRate = 0.25;
const rounds = 12;
const seeds = 150;

const payloadOf = (value: string) => new TextEncoder().encode(value);

/** Two writers depose each other and write, while operations fail at random. */
async function play(
  seed: number,
  historyPerSubject: number,
): Promise<{ reported: Reported[]; accepted: LogRecord[] }> {
  const kit = memoryLogsKit();
  const { log, clock, logs } = kit;
  const random = seededRandom(seed);
  await log.ensure({ name: 'G', subjects: ['g.>'], historyPerSubject, feed: 'feed.G' });
  const accepted: LogRecord[] = [];
  await log.follow('G', { onRecord: (record) => accepted.push(record) });
  const newestLead = () => logs.stream('G').newest('g.lead')?.sequence ?? 0;
  logs.faults = ({ kind }) => {
    if (kind === 'announce' || random.next() >= faultRate) return undefined;
    return faults[Math.floor(random.next() * faults.length)];
  };
  const reported: Reported[] = [];
  const actors = ['one', 'two'].map((name) => actor(name, random, reported));
  await kit.settled(Promise.all(actors.map((act) => act())));
  await kit.pass(0);
  return { reported, accepted };

  function actor(name: string, choice: Random, reports: Reported[]): () => Promise<void> {
    const own = logs.connect(name);
    const writer = new RecordWriter({ log: own, clock, random: choice, operationTimeoutMs: 100 });
    const fenced = new FencedWriter({ log: own, writer });
    return async () => {
      let fence: Fence | undefined;
      for (let round = 0; round < rounds; round++) {
        if (fence === undefined || choice.next() < 0.3) {
          const after = (await own.readLast('G', 'g.lead').catch(() => undefined))?.sequence ?? 0;
          const record = { subject: 'g.lead', payload: payloadOf(name) };
          const taken = await takeFence(writer, { log: 'G', after, record }).catch(() => undefined);
          if (taken?.kind === 'taken') ({ fence } = taken);
        }
        const held = fence;
        if (held === undefined) continue;
        const values = Array.from(
          { length: 1 + Math.floor(choice.next() * 3) },
          (_, i) => `${name}-${round}-${i}`,
        );
        await Promise.all(
          values.map(async (value) => {
            const record = { subject: `g.${value.at(-1)}`, payload: payloadOf(value) };
            const outcome = await fenced.write(held, record).catch(() => ({ kind: 'unknown' }) as const);
            const sequence = 'sequence' in outcome ? outcome.sequence : undefined;
            reports.push({ value, fence: held, kind: outcome.kind, sequence, newestLead: newestLead() });
          }),
        );
      }
    };
  }
}

describe.each([
  { history: 'all records are kept', historyPerSubject: 0 },
  { history: 'the newest record of each subject is kept', historyPerSubject: 1 },
])('under faults, where $history', ({ historyPerSubject }) => {
  it(`reports every write truthfully and accepts none under an older fence, in ${seeds} seeds`, async () => {
    const kinds = new Map<string, number>();
    for (let seed = 1; seed <= seeds; seed++) {
      const { reported, accepted } = await play(seed, historyPerSubject);
      const leads = accepted.filter(({ subject }) => subject === 'g.lead').map(({ sequence }) => sequence);
      const byValue = Map.groupBy(accepted, ({ payload }) => new TextDecoder().decode(payload));
      for (const { value, fence, kind, sequence, newestLead } of reported) {
        const at = `seed ${seed}, write ${value} reported as ${kind}`;
        const records = byValue.get(value) ?? [];
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
        expect(records.length, `${at}: accepted at most once`).toBeLessThanOrEqual(1);
        if (kind === 'written') expect(records[0]?.sequence, at).toBe(sequence);
        expect(kind, at).not.toBe('rolled-back');
        if (kind === 'deposed') {
          expect(records, at).toEqual([]);
          expect(newestLead, at).toBeGreaterThan(fence.sequence);
        }
        const [record] = records;
        if (record === undefined) continue;
        const leadThen = leads.filter((lead) => lead < record.sequence).at(-1);
        expect(leadThen, `${at}: accepted under the newest fence`).toBe(fence.sequence);
      }
    }
    for (const kind of ['written', 'deposed', 'unknown'])
      expect(kinds.get(kind) ?? 0, kind).toBeGreaterThan(0);
  }, 60_000);
});
