/**
 * Quotas over several gateways, on a log that delays, loses announcements and answers, and is away. Each seed replays
 * exactly; a failure names it.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { type QuotaFaults, type QuotaRig, type RigGateway, startQuotaRig } from '../testing/quota-rig.ts';
import { type QuotaRule, windowMs } from './quota-rule.ts';

const seeds = Array.from({ length: 25 }, (_, index) => index + 1);
const gentle: QuotaFaults = { delayMs: 10 };
const rough: QuotaFaults = { delayMs: 60, replyLost: 0.05, lost: 0.05, announcementLost: 0.1, stale: 0.1 };

/** Units that were let in, with the instant of each. */
interface Run {
  readonly rig: QuotaRig;
  readonly limit: number;
  readonly let: { readonly atMs: number; readonly units: number }[];
  asked: number;
}

interface Load {
  readonly rule: QuotaRule;
  /** Requests of all clients in a second. */
  readonly perSecond: number;
  readonly maxUnits: number;
}

async function drive(run: Run, load: Load, ms: number, at: (gateways: readonly RigGateway[]) => RigGateway) {
  const { rig } = run;
  const stepMs = 50;
  for (let passed = 0; passed < ms; passed += stepMs) {
    const wanted = (load.perSecond * stepMs) / 1_000;
    const count = Math.floor(wanted) + (rig.random.next() < wanted % 1 ? 1 : 0);
    for (let index = 0; index < count && rig.gateways.length > 0; index++)
      void ask(run, load, at(rig.gateways));
    await rig.pass(stepMs, stepMs);
  }
}

async function ask(run: Run, { rule, maxUnits }: Load, gateway: RigGateway): Promise<void> {
  const units = 1 + Math.floor(run.rig.random.next() * maxUnits);
  run.asked += units;
  const answer = await gateway.quotas.take(rule, units);
  if (answer.kind === 'granted') run.let.push({ atMs: run.rig.clock.now(), units });
}

/** Most units of any window, as a share of the limit. */
function peak({ let: granted, limit }: Run): number {
  const sorted = granted.toSorted((a, b) => a.atMs - b.atMs);
  let most = 0;
  let sum = 0;
  let first = 0;
  for (const { atMs, units } of sorted) {
    sum += units;
    while ((sorted[first]?.atMs ?? 0) <= atMs - windowMs) sum -= sorted[first++]?.units ?? 0;
    most = Math.max(most, sum);
  }
  return most / limit;
}

const worst: Record<string, { most: number; least: number }> = {};
function note(what: string, share: number): void {
  const known = (worst[what] ??= { most: 0, least: Number.POSITIVE_INFINITY });
  known.most = Math.max(known.most, share);
  known.least = Math.min(known.least, share);
}
afterAll(() => {
  for (const [what, { most, least }] of Object.entries(worst))
    process.stdout.write(
      `${what}: used ${(least * 100).toFixed(1)} to ${(most * 100).toFixed(1)} % of the limit\n`,
    );
});

async function begin(
  seed: number,
  faults: QuotaFaults,
  limit: number,
): Promise<{ run: Run; rule: QuotaRule }> {
  const rig = await startQuotaRig(seed, faults, 3);
  return { run: { rig, limit, let: [], asked: 0 }, rule: { name: 'key:a:requests', kind: 'rate', limit } };
}

const anyOf =
  (run: Run) =>
  (gateways: readonly RigGateway[]): RigGateway =>
    gateways[Math.floor(run.rig.random.next() * gateways.length)] as RigGateway;

const limits = [3, 20, 60, 600, 6_000] as const;
const limitOf = (seed: number): number => limits[seed % limits.length] ?? 60;
/** Three times what is allowed. */
const loadOf = (rule: QuotaRule, maxUnits = 1): Load => ({
  rule,
  maxUnits,
  perSecond: Math.min(300, Math.max(2, (3 * rule.limit) / 60 / ((1 + maxUnits) / 2))),
});

describe('quotas over three gateways', () => {
  it.each(seeds)('let no more in than the limit, and nearly all of it (seed %i)', async (seed) => {
    const { run, rule } = await begin(seed, gentle, limitOf(seed));
    await drive(run, loadOf(rule), 150_000, anyOf(run));
    note('no fault', peak(run));
    expect(peak(run)).toBeLessThanOrEqual(1);
    expect(peak(run)).toBeGreaterThan(0.9);
    run.rig.end();
  });

  it.each(seeds)(
    'hold with losses, a store that is away, gateways that join and die (seed %i)',
    async (seed) => {
      const { run, rule } = await begin(seed, rough, limitOf(seed));
      const { rig } = run;
      const load = loadOf(rule, rule.limit > 100 ? 20 : 1);
      await drive(run, load, 15_000, anyOf(run));
      rig.isAway = true;
      await drive(run, load, 4_000 + rig.random.next() * 5_000, anyOf(run));
      rig.isAway = false;
      await drive(run, load, 10_000, anyOf(run));
      rig.gateways[0]?.crash();
      await drive(run, load, 10_000, anyOf(run));
      await rig.join();
      await drive(run, load, 30_000, anyOf(run));
      rig.isAway = true;
      await drive(run, load, 8_000, anyOf(run));
      rig.isAway = false;
      await drive(run, load, 60_000, anyOf(run));
      note('losses, store away twice, one gateway dies, one joins', peak(run));
      expect(peak(run)).toBeLessThanOrEqual(1.05);
      rig.end();
    },
  );

  it.each(seeds.slice(0, 10))('let all of the limit through one gateway alone (seed %i)', async (seed) => {
    const { run, rule } = await begin(seed, gentle, 60);
    await drive(run, { rule, perSecond: 5, maxUnits: 1 }, 60_000, ([first]) => first as RigGateway);
    expect(peak(run)).toBeGreaterThanOrEqual(0.95);
    run.rig.end();
  });
});

it('tells when the first unit is free again, and lets a request in then', async () => {
  const { run, rule } = await begin(1, gentle, 3);
  const [gateway] = run.rig.gateways;
  const take = async () => {
    const answer = gateway?.quotas.take(rule, 1);
    await run.rig.pass(200);
    return await answer;
  };
  for (let index = 0; index < 3; index++) expect(await take()).toMatchObject({ kind: 'granted' });
  const refused = await take();
  if (refused?.kind !== 'over') throw new Error('the fourth request was let in');
  expect(refused.retryAfterMs).toBeGreaterThan(55_000);
  expect(refused.retryAfterMs).toBeLessThan(windowMs + 2_500);
  await run.rig.pass(refused.retryAfterMs, 500);
  expect(await take()).toMatchObject({ kind: 'granted' });
  run.rig.end();
});

it('lets as many requests run at the same time as a quota of slots has, over all gateways', async () => {
  const rig = await startQuotaRig(7, rough, 3);
  const rule: QuotaRule = { name: 'key:a:concurrent', kind: 'slots', limit: 5 };
  let running = 0;
  let most = 0;
  const one = async (gateway: RigGateway): Promise<void> => {
    const answer = await gateway.quotas.take(rule, 1);
    if (answer.kind !== 'granted') return;
    running += 1;
    most = Math.max(most, running);
    await new Promise<void>((resolve) => rig.clock.setTimer(rig.random.next() * 3_000, resolve));
    running -= 1;
    answer.finish();
  };
  for (let passed = 0; passed < 60_000; passed += 100) {
    void one(rig.gateways[Math.floor(rig.random.next() * 3)] as RigGateway);
    await rig.pass(100, 100);
  }
  expect(most).toBe(5);
  // Slots of a gateway that dies are free again after their lease.
  rig.gateways[0]?.crash();
  await rig.pass(20_000, 500);
  const last = rig.gateways[0]?.quotas.take(rule, 5);
  await rig.pass(400);
  expect(await last).toMatchObject({ kind: 'granted' });
  rig.end();
});
