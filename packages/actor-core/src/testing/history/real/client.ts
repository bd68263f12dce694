import { systemClock } from '../../../clock/system-clock.ts';
import { StoreUnavailableError } from '../../../errors.ts';
import { systemRandom } from '../../../random/system-random.ts';
import { jetStreamStorage, type NodeStorage } from '../../../storage/node-storage.ts';
import { connectJetStream } from '../../jetstream.ts';

/** One process that uses the storage of a real cluster. */
export interface HistoryClient {
  readonly name: string;
  readonly storage: NodeStorage;
  readonly close: () => Promise<void>;
}

/** One kind of operations, and what they promise. */
export interface HistoryPart {
  /** Creates what the operations need. */
  prepare(client: HistoryClient): Promise<void>;
  /** One operation. An outcome that is unknown is recorded as such. */
  act(client: HistoryClient): Promise<void>;
  /** Once the faults are over: ends what is still to be done. */
  finish?(client: HistoryClient): Promise<void>;
  /** What is wrong with the recorded history; empty where nothing is. */
  check(client: HistoryClient): Promise<readonly string[]>;
  /** Makes the recorded history wrong on purpose. Returns what was done; `check` has to find it. */
  spoil(): string;
}

/** Counts of operations, by kind and outcome. */
export class Tally {
  readonly counts: Map<string, number> = new Map();

  add(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }
}

/** Connects a client whose first server is that of its number. */
export async function openClient(urls: readonly string[], number: number): Promise<HistoryClient> {
  const first = number % urls.length;
  const name = `c${number}`;
  const { transport } = await connectJetStream([...urls.slice(first), ...urls.slice(0, first)], name);
  const storage = jetStreamStorage({ transport, clock: systemClock, random: systemRandom });
  return { name, storage, close: () => transport.close() };
}

/** Repeats an operation that may be repeated, while the store is away. */
export async function untilDone<T>(act: () => Promise<T>, withinMs = 60_000): Promise<T> {
  const deadlineMs = systemClock.now() + withinMs;
  for (;;)
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || systemClock.now() > deadlineMs) throw error;
      await sleep(200);
    }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => systemClock.setTimer(ms, resolve));
}

export function chance(): number {
  return systemRandom.next();
}

/** @throws what is no `StoreUnavailableError`: only an unknown outcome may happen */
export function requireUnavailable(error: unknown): void {
  if (!(error instanceof StoreUnavailableError)) throw error;
}
