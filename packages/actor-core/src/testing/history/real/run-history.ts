import { systemClock } from '../../../clock/system-clock.ts';
import { type NatsCluster, startNatsCluster } from '../../nats-cluster.ts';
import { chance, type HistoryClient, type HistoryPart, openClient, sleep, Tally } from './client.ts';
import { FenceHistory } from './fences.ts';
import { RegisterHistory } from './registers.ts';
import { TaskHistory } from './tasks.ts';

/** How a history is made. */
export interface HistoryOptions {
  readonly durationMs: number;
  readonly onProgress: (line: string) => void;
}

/** What concurrent clients of a real cluster saw under faults, and whether it is right. */
export interface HistoryReport {
  readonly seconds: number;
  readonly operations: number;
  readonly operationsPerSecond: number;
  /** Operations by kind and outcome. */
  readonly counts: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly keys: number;
  /** What the histories violate; empty where they are right. */
  readonly violations: readonly string[];
  /** Histories that were made wrong on purpose, and whether that was found. */
  readonly spoilt: readonly { readonly what: string; readonly isFound: boolean }[];
}

type Fault = 'kill' | 'pause' | 'partition';
const faults: readonly Fault[] = ['kill', 'pause', 'partition'];
const connections = 6;
/** Operations of one connection that run side by side. */
const workersPerConnection = 8;
const aimPerSecond = 400;
const calmMs = 4_000;
const leastFaultMs = 2_000;
const mostFaultMs = 6_000;
const settleMs = 5_000;

/** Runs clients against three servers with one fault after the other, then checks what the clients saw. */
export async function runHistory({ durationMs, onProgress }: HistoryOptions): Promise<HistoryReport> {
  const cluster = await startNatsCluster();
  const clients: HistoryClient[] = [];
  try {
    for (let number = 0; number < connections; number++) clients.push(await openClient(cluster.urls, number));
    const tally = new Tally();
    const registers = new RegisterHistory(tally);
    const parts: readonly HistoryPart[] = [registers, new FenceHistory(tally), new TaskHistory(tally)];
    for (const part of parts) for (const client of clients) await part.prepare(client);
    onProgress('three servers are ready');
    const sinceMs = systemClock.now();
    const untilMs = sinceMs + durationMs;
    const struck = new Map<Fault, number>();
    const workers = clients.flatMap((client) =>
      Array.from({ length: workersPerConnection }, () => work(client, parts, untilMs)),
    );
    await Promise.all([strikeUntil(cluster, untilMs - settleMs, struck, onProgress), ...workers]);
    const seconds = (systemClock.now() - sinceMs) / 1_000;
    onProgress('the faults are over');
    const [first] = clients;
    if (first === undefined) throw new Error('there is no client');
    for (const part of parts) await part.finish?.(first);
    const { violations, spoilt } = await judge(parts, first);
    return {
      seconds,
      operations: tally.total,
      operationsPerSecond: Math.round(tally.total / seconds),
      counts: Object.fromEntries(tally.counts),
      faults: Object.fromEntries(struck),
      keys: registers.keys,
      violations,
      spoilt,
    };
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    await cluster.dispose();
  }
}

async function work(client: HistoryClient, parts: readonly HistoryPart[], untilMs: number): Promise<void> {
  const pauseMs = (1_000 * connections * workersPerConnection) / aimPerSecond;
  while (systemClock.now() < untilMs) {
    const draw = chance();
    await parts[draw < 0.5 ? 0 : draw < 0.7 ? 1 : 2]?.act(client);
    await sleep(2 * chance() * pauseMs);
  }
}

async function strikeUntil(
  cluster: NatsCluster,
  untilMs: number,
  struck: Map<Fault, number>,
  onProgress: (line: string) => void,
): Promise<void> {
  for (let round = 0; systemClock.now() < untilMs - mostFaultMs; round++) {
    await sleep(calmMs * (0.5 + chance()));
    const fault = faults[round % faults.length] as Fault;
    const index = Math.floor(chance() * cluster.servers.length);
    struck.set(fault, (struck.get(fault) ?? 0) + 1);
    const forMs = leastFaultMs + chance() * (mostFaultMs - leastFaultMs);
    onProgress(`${fault} of server ${index} for ${(forMs / 1_000).toFixed(1)} s`);
    if (fault === 'kill') await cluster.servers[index]?.stop('SIGKILL');
    else if (fault === 'pause') cluster.pause(index);
    else cluster.cutOff(index);
    await sleep(forMs);
    if (fault === 'kill') await cluster.servers[index]?.start();
    else cluster.heal();
  }
}

async function judge(
  parts: readonly HistoryPart[],
  client: HistoryClient,
): Promise<Pick<HistoryReport, 'violations' | 'spoilt'>> {
  const violations: string[] = [];
  for (const part of parts) violations.push(...(await part.check(client)));
  const spoilt: { what: string; isFound: boolean }[] = [];
  for (const part of parts) {
    const before = (await part.check(client)).length;
    const what = part.spoil();
    spoilt.push({ what, isFound: (await part.check(client)).length > before });
  }
  return { violations, spoilt };
}
