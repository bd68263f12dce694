import { silentLogger, systemClock } from '@drover/actor-core';
import { joinCluster, type MemoryScope, parseScope, startMemory } from '@drover/actor-core/cluster';
import { untilReady } from '../until-ready.ts';
import { type SwapRow, swapRows } from './swap-rows.ts';

/** Usage: `node swap-main.js URLS REPLICAS ROW COUNT`. Prints one JSON object. */
export interface SwapOutcome {
  /** Compare-and-sets that were accepted, per second. */
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Compare-and-sets that were refused because of another writer, per accepted one. */
  readonly refused: number;
}

const [urls = '', replicas = '1', name = '', count = '0'] = process.argv.slice(2);
const { kind, nodes, workers, keys } = swapRows.find((entry) => entry.name === name) as SwapRow;
const scopes = await Promise.all(Array.from({ length: nodes }, (_, index) => join(`n${index}`)));
await swap(Math.ceil(Number(count) / 4));
const outcome = await swap(Number(count));
process.stdout.write(`${JSON.stringify(outcome)}\n`, () => process.exit(0));

async function join(nodeId: string): Promise<MemoryScope> {
  const node = await joinCluster({
    nodeId,
    incarnation: Math.floor(systemClock.wallNow()),
    roles: ['host'],
    cell: 'bench',
    nats: { servers: urls.split(',') },
    pid: process.pid,
    log: silentLogger,
    replicas: Number(replicas),
  });
  const scope = startMemory(node, { replicas: Number(replicas) }).scope('default', parseScope('global'));
  await untilReady(() => scope.put(`ready-${nodeId}`, new Uint8Array(1)));
  return scope;
}

/** Counters are counted up: each worker reads one, and writes its successor at the revision that was read. */
async function swap(operations: number): Promise<SwapOutcome> {
  const tookMs: number[] = [];
  let begun = 0;
  let refused = 0;
  const work = async (_: unknown, worker: number): Promise<void> => {
    const scope = scopes[worker % nodes] as MemoryScope;
    const key = `counter-${worker % keys}`;
    if (kind === 'count')
      while (begun++ < operations) {
        const startedMs = performance.now();
        await scope.operate(key, [{ add: 1 }], { policy: 'crdt:pn-counter' });
        tookMs.push(performance.now() - startedMs);
      }
    let read = await scope.get(key);
    let revision = read?.revision ?? 0;
    let value = read === undefined ? 0 : Number(new TextDecoder().decode(read.value));
    while (begun++ < operations) {
      const startedMs = performance.now();
      for (;;) {
        const written = await scope.put(key, new TextEncoder().encode(String(value + 1)), {
          ifRevision: revision,
        });
        if (written.kind === 'written') {
          revision = written.revision;
          value++;
          break;
        }
        refused++;
        read = await scope.get(key);
        revision = read?.revision ?? 0;
        value = Number(new TextDecoder().decode(read?.value));
      }
      tookMs.push(performance.now() - startedMs);
    }
  };
  const before = await total();
  const beganMs = performance.now();
  await Promise.all(Array.from({ length: workers }, work));
  const seconds = (performance.now() - beganMs) / 1_000;
  const grown = (await total()) - before;
  if (grown !== tookMs.length) throw new Error(`${tookMs.length} accepted swaps counted up by ${grown}`);
  const sorted = tookMs.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor((sorted.length - 1) * part)] ?? 0;
  return {
    perSecond: sorted.length / seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    refused: refused / sorted.length,
  };
}

async function total(): Promise<number> {
  const [scope] = scopes as [MemoryScope];
  const reads = await Promise.all(
    Array.from({ length: keys }, (_, index) => scope.get(`counter-${index}`, { level: 'fresh' })),
  );
  return reads.reduce((sum, read) => sum + Number(new TextDecoder().decode(read?.value)), 0);
}
