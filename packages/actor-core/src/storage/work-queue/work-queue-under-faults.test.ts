import { expect, it } from 'vitest';
import { seededRandom } from '../../random/seeded-random.ts';
import type { LogFault } from '../log/log-fault.ts';
import { RecordWriter } from '../log/record-writer.ts';
import { memoryLogsKit } from '../../testing/memory-logs.ts';
import { LogWorkQueues } from './log-work-queue.ts';
import { MemoryLeases } from './memory-consumers.ts';
import type { Lease, WorkQueue } from './work-queue.ts';

const faults: readonly LogFault[] = ['away', 'reply-lost', 'late', 'check-in-flight'];
const seeds = 60;
const tasks = 30;
const workers = 3;
const maxAttempts = 3;
const leaseMs = 500;

interface Outcome {
  /** Ids whose put was confirmed. */
  readonly accepted: Set<string>;
  readonly done: Set<string>;
  readonly dead: Set<string>;
  /** Ids whose acknowledgement was not confirmed: they may be done. */
  readonly perhapsDone: Set<string>;
  /** Ids that two workers held at once, each trusting its lease. */
  readonly heldTwice: string[];
  /** Ids that a worker settled while another one trusted its lease. */
  readonly settledLate: string[];
  readonly deliveries: number;
}

/** Producers and workers at one queue whose operations fail at random; then everything works again. */
async function play(seed: number): Promise<Outcome> {
  const kit = memoryLogsKit();
  const { logs, clock } = kit;
  const random = seededRandom(seed);
  const leases = new MemoryLeases(logs, clock);
  const queueOf = (node: string): Promise<WorkQueue> => {
    const log = logs.connect(node);
    const writer = new RecordWriter({ log, clock, random, operationTimeoutMs: 1_000 });
    return new LogWorkQueues({ log, writer, consumers: leases.connect(node), clock }).ensure({
      name: 'q',
      prefix: 'wq.q',
      feed: 'feed.q',
      leaseMs,
      maxAttempts,
    });
  };
  const producer = await queueOf('producer');
  const queues = await Promise.all(Array.from({ length: workers }, (_, i) => queueOf(`worker-${i}`)));
  let rate = 0.2;
  logs.faults = ({ kind }) => {
    if (random.next() >= rate) return undefined;
    return kind === 'announce' ? 'announcement-lost' : faults[Math.floor(random.next() * faults.length)];
  };
  const outcome = {
    accepted: new Set<string>(),
    done: new Set<string>(),
    perhapsDone: new Set<string>(),
    heldTwice: [] as string[],
    settledLate: [] as string[],
    deliveries: 0,
  };
  /** Who trusts a lease of which task, and until when. */
  const held = new Map<string, { readonly queue: WorkQueue; readonly untilMs: number }>();
  const isHeldByOther = (id: string, queue: WorkQueue) => {
    const holder = held.get(id);
    return holder !== undefined && holder.queue !== queue && holder.untilMs > clock.wallNow();
  };
  const sleep = (ms: number) => new Promise<void>((resolve) => clock.setTimer(ms, resolve));

  async function produce(): Promise<void> {
    for (let i = 0; i < tasks; i++) {
      const task = { id: `t${i}`, body: Uint8Array.of(i), priority: i % 3, delayMs: i % 5 === 0 ? 300 : 0 };
      for (let tries = 0; tries < 3 && !outcome.accepted.has(task.id); tries++)
        await producer.put(task).then(
          () => outcome.accepted.add(task.id),
          () => undefined,
        );
      await sleep(100);
    }
    rate = 0;
  }

  async function finish(queue: WorkQueue, lease: Lease): Promise<void> {
    const { id } = lease;
    // It ran out while the task before it was worked on.
    if (lease.expiresAtMs <= clock.wallNow()) return;
    if (isHeldByOther(id, queue)) outcome.heldTwice.push(id);
    held.set(id, { queue, untilMs: lease.expiresAtMs });
    // Some workers are slower than their lease.
    if (random.next() < 0.3) await sleep(leaseMs * (0.5 + random.next()));
    const isDone = random.next() < 0.5;
    const settled = isDone ? queue.ack(lease) : queue.nack(lease, { delayMs: 50 });
    const result = await settled.catch(() => 'unknown' as const);
    if (result === 'settled' && isHeldByOther(id, queue)) outcome.settledLate.push(id);
    if (result !== 'lease-lost' && held.get(id)?.queue === queue) held.delete(id);
    if (isDone && result === 'settled') outcome.done.add(id);
    if (isDone && result === 'unknown') outcome.perhapsDone.add(id);
  }

  async function work(queue: WorkQueue): Promise<void> {
    for (let idle = 0; idle < 3; ) {
      const taken = await queue.take({ max: 2, waitMs: 2_000 }).catch(() => undefined);
      if (taken === undefined) continue;
      idle = taken.length === 0 && rate === 0 ? idle + 1 : 0;
      outcome.deliveries += taken.length;
      for (const { lease } of taken) await finish(queue, lease);
    }
  }

  await kit.settled(Promise.all([produce(), ...queues.map(work)]));
  const dead = new Set((await producer.dead({ limit: 1_000 })).tasks.map(({ id }) => id));
  const counts = await producer.counts();
  expect(counts.depth + counts.inFlight + counts.delayed, `seed ${seed}: the queue is empty`).toBe(0);
  return { ...outcome, dead };
}

it(`loses no accepted task and leases none twice at once, in ${seeds} seeds`, async () => {
  let deliveries = 0;
  let deaths = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const outcome = await play(seed);
    expect(outcome.heldTwice, `seed ${seed}: held twice`).toEqual([]);
    expect(outcome.settledLate, `seed ${seed}: settled late`).toEqual([]);
    const { accepted, done, dead, perhapsDone } = outcome;
    const lost = [...accepted].filter((id) => !done.has(id) && !dead.has(id) && !perhapsDone.has(id));
    expect(lost, `seed ${seed}: lost tasks`).toEqual([]);
    deliveries += outcome.deliveries;
    deaths += dead.size;
    expect(accepted.size, `seed ${seed}`).toBeGreaterThan(tasks / 2);
  }
  expect(deliveries).toBeGreaterThan(seeds * tasks);
  expect(deaths).toBeGreaterThan(0);
}, 60_000);
