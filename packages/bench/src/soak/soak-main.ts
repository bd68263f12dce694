import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeadLetterReason } from '@drover/actor-core';
import { createPubSub, joinCluster, startRegistry } from '@drover/actor-core/cluster';
import { tableSizes } from '@drover/actor-core/internal';
import { Driver } from './driver.ts';
import { families } from './families/all-families.ts';
import { type ClerkMessage, knowsAllStaff } from './families/registering.ts';
import type { Place } from './family.ts';
import { activeResources, heapAfterGc, ProcessWatch } from './process-watch.ts';
import type { SoakOrder, SoakOutcome, SoakWord } from './soak-words.ts';

const sampleMs = 1_000;
/** How long the other process may take to come. */
const meetMs = 20_000;
/** How long tables may take to be what they were. */
const settleMs = 30_000;
const lookMs = 100;

// node soak-main.js NATS_URL NODE PEER — joins, says that it is ready once it and the peer have seen each other, and
// does what it is told on stdin until that ends.
const [natsUrl, nodeId, peer] = process.argv.slice(2) as [string, string, string];
const watch = new ProcessWatch();
const node = await joinCluster({
  nodeId,
  incarnation: Date.now() * 256 + (randomBytes(1)[0] as number),
  roles: ['host'],
  cell: 'bench',
  nats: { servers: natsUrl },
  pid: process.pid,
  log: watch.log,
});
const expectedLetters: Partial<Record<DeadLetterReason, number>> = {};
const place: Place = {
  node,
  registry: startRegistry(node),
  pubSub: createPubSub(node),
  peer,
  signal: new AbortController().signal,
  expectLetters: (reason, count) => {
    expectedLetters[reason] = (expectedLetters[reason] ?? 0) + count;
  },
};
const running = families.map((family) => family(place));
const driver = new Driver(
  running.flatMap(({ operations }) => operations),
  ['local ask', 'remote ask'],
);
await meet();
const before = {
  tables: tableSizes(node.system),
  resources: activeResources(),
  counters: node.system.counters(),
};
let heapBefore = 0;
say({ event: 'ready', pid: process.pid });

const orders = createInterface({ input: process.stdin });
// Whoever started this is gone, or has all it wants: so is this.
orders.once('close', () => void node.leave().finally(() => process.exit(0)));
orders.on('line', (line) => void obey(JSON.parse(line) as SoakOrder));

async function obey(order: SoakOrder): Promise<void> {
  if (order.order === 'saturate') {
    const ratePerSecond = await driver.saturate(order.durationMs);
    await driver.drain();
    say({ event: 'saturated', ratePerSecond });
  } else if (order.order === 'collect') {
    heapBefore = heapAfterGc();
    say({ event: 'collected', heapBytes: heapBefore });
  } else if (order.order === 'load') await load(order.ratePerSecond, order.durationMs);
  else say({ event: 'audited', ...(await audit()) });
}

async function load(ratePerSecond: number, durationMs: number): Promise<void> {
  watch.begin();
  const sampler = setInterval(sample, sampleMs);
  await driver.pace(ratePerSecond, durationMs);
  const leftOver = await driver.drain();
  sample();
  clearInterval(sampler);
  say({ event: 'loaded', leftOver });
}

function sample(): void {
  const { started: done, behindMs } = driver;
  say({ event: 'sample', ...watch.sample(), done, behindMs, loopP99Ms: watch.loopDelay.p99Ms });
}

async function audit(): Promise<SoakOutcome> {
  // As they were when the load ended.
  const { loopDelay, cpuPercent } = watch;
  const settledMs = await settle();
  const checks = (await Promise.all(running.map(async (family) => (await family.audit?.()) ?? []))).flat();
  return {
    operations: Object.fromEntries(driver.tallies),
    checks,
    expectedLetters,
    counters: { before: before.counters, after: node.system.counters() },
    unhandledRejections: watch.unhandledRejections,
    uncaughtExceptions: watch.uncaughtExceptions,
    processWarnings: watch.processWarnings,
    logged: Object.fromEntries(watch.logged),
    texts: [...driver.texts, ...watch.texts],
    loop: loopDelay,
    cpuPercent,
    latencies: Object.fromEntries(
      [...driver.latencies].map(([name, histogram]) => [
        name,
        { p50Micros: histogram.getValueAtPercentile(50), p99Micros: histogram.getValueAtPercentile(99) },
      ]),
    ),
    heapBytes: { before: heapBefore, after: heapAfterGc() },
    resources: { before: before.resources, after: activeResources() },
    tables: { before: { ...before.tables }, after: { ...tableSizes(node.system) } },
    settledMs,
  };
}

/** Waits until no table holds more than before any load. @returns how long that took */
async function settle(): Promise<number> {
  const begin = performance.now();
  while (!areTablesBack() && performance.now() - begin < settleMs) await sleep(lookMs);
  return performance.now() - begin;
}

function areTablesBack(): boolean {
  const now: Readonly<Record<string, number>> = { ...tableSizes(node.system) };
  return Object.entries(before.tables).every(([table, size]) => (now[table] ?? 0) <= size);
}

/** Both lanes to the other process are used, so that they are there before anything is counted. */
async function meet(): Promise<void> {
  const deadline = performance.now() + meetMs;
  while (!((await isPeerThere('control')) && (await isPeerThere('data')) && knowsAllStaff(place.registry))) {
    if (performance.now() > deadline) throw new Error(`${peer} did not come within ${meetMs} ms`);
    await sleep(50);
  }
}

async function isPeerThere(lane: 'control' | 'data'): Promise<boolean> {
  const clerk = node.system.refFor<ClerkMessage>(peer, 'clerk');
  try {
    await node.system.ask<ClerkMessage, boolean>(clerk, (replyTo) => ({ name: 'nobody', replyTo }), {
      timeoutMs: 500,
      lane,
    });
    return true;
  } catch {
    return false;
  }
}

function say(word: SoakWord): void {
  process.stdout.write(`${JSON.stringify(word)}\n`);
}
