import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeadLetterReason } from '@drover/actor-core';
import { createPubSub, joinCluster, startRegistry } from '@drover/actor-core/cluster';
import { tableSizes } from '@drover/actor-core/internal';
import { Driver } from './driver.ts';
import { families } from './families/all-families.ts';
import { type ClerkMessage, knowsAllStaff } from './families/registering.ts';
import type { SoakNode } from './family.ts';
import { activeResources, heapAfterGc, ProcessWatch } from './process-watch.ts';
import type { SoakCommand, SoakOutcome, SoakReply } from './soak-protocol.ts';

const sampleMs = 1_000;
/** Longest wait for the other process to join. */
const meetMs = 20_000;
/** Time for the tables to shrink to their size before the load. */
const settleMs = 30_000;
const pollMs = 100;

/**
 * Usage: `node soak-main.js NATS_URL NODE PEER`
 *
 * Joins the cluster, reports that it is ready when both processes can reach each other, and performs the commands on
 * stdin until stdin closes.
 */
const [natsUrl, nodeId, peer] = process.argv.slice(2) as [string, string, string];
const watch = new ProcessWatch();
const node = await joinCluster({
  nodeId,
  incarnation: Date.now(),
  roles: ['host'],
  cell: 'bench',
  nats: { servers: natsUrl },
  pid: process.pid,
  log: watch.log,
});
const expectedLetters: Partial<Record<DeadLetterReason, number>> = {};
const self: SoakNode = {
  node,
  registry: startRegistry(node),
  pubSub: createPubSub(node),
  peer,
  signal: new AbortController().signal,
  expectLetters: (reason, count) => {
    expectedLetters[reason] = (expectedLetters[reason] ?? 0) + count;
  },
};
const running = families.map((family) => family(self));
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
reply({ event: 'ready', pid: process.pid });

const commands = createInterface({ input: process.stdin });
// The parent has ended, or has no more commands.
commands.once('close', () => void node.leave().finally(() => process.exit(0)));
commands.on('line', (line) => void perform(JSON.parse(line) as SoakCommand));

async function perform(command: SoakCommand): Promise<void> {
  if (command.command === 'saturate') {
    const ratePerSecond = await driver.saturate(command.durationMs);
    await driver.drain();
    reply({ event: 'saturated', ratePerSecond });
  } else if (command.command === 'collect') {
    heapBefore = heapAfterGc();
    reply({ event: 'collected', heapBytes: heapBefore });
  } else if (command.command === 'load') await load(command.ratePerSecond, command.durationMs);
  else reply({ event: 'audited', ...(await audit()) });
}

async function load(ratePerSecond: number, durationMs: number): Promise<void> {
  watch.begin();
  const sampler = setInterval(sample, sampleMs);
  await driver.pace(ratePerSecond, durationMs);
  const leftOver = await driver.drain();
  sample();
  clearInterval(sampler);
  reply({ event: 'loaded', leftOver });
}

function sample(): void {
  const { started: done, behindMs } = driver;
  reply({ event: 'sample', ...watch.sample(), done, behindMs, loopP99Ms: watch.loopDelay.p99Ms });
}

async function audit(): Promise<SoakOutcome> {
  // Read now, so that the figures cover only the load.
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

/** Waits until no table holds more than before the load. @returns the time in milliseconds */
async function settle(): Promise<number> {
  const begin = performance.now();
  while (!areTablesBack() && performance.now() - begin < settleMs) await sleep(pollMs);
  return performance.now() - begin;
}

function areTablesBack(): boolean {
  const now: Readonly<Record<string, number>> = { ...tableSizes(node.system) };
  return Object.entries(before.tables).every(([table, size]) => (now[table] ?? 0) <= size);
}

/**
 * Waits until the other process answers on both lanes, so that the tables of both lanes exist before sizes are read.
 */
async function meet(): Promise<void> {
  const deadline = performance.now() + meetMs;
  while (!((await isPeerThere('control')) && (await isPeerThere('data')) && knowsAllStaff(self.registry))) {
    if (performance.now() > deadline) throw new Error(`${peer} was not reached within ${meetMs} ms`);
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

function reply(message: SoakReply): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
