import { ownerOf, type OwnerRecord } from '../../../entities/owner-record.ts';
import type { Simulation } from '../../simulation.ts';
import type { StoredEntry } from './ledger.ts';

/** What is stored of one ledger. */
interface Stored {
  /** Entries in the order of their acceptance. */
  readonly entries: number[];
  /** Highest fence of an accepted entry. */
  fence: number;
  /** Sequence of the newest accepted entry. */
  newest: number;
}

/** The streams of the entities, read past all faults as they grow. */
export class StoredEntries {
  readonly #simulation: Simulation;
  readonly #logs: readonly string[];
  readonly #next = new Map<string, number>();
  readonly #stored = new Map<string, Stored>();

  constructor(simulation: Simulation, logs: readonly string[]) {
    this.#simulation = simulation;
    this.#logs = logs;
  }

  /** Entries of a ledger in the order of their acceptance. */
  of(name: string): readonly number[] {
    return this.#stored.get(name)?.entries ?? [];
  }

  /** Reads what is new. `onOverlap` is called with each entry that was accepted after a newer activation had begun. */
  read(onOverlap: (what: string) => void): void {
    for (const log of this.#logs) {
      const stream = this.#stream(log);
      const from = this.#next.get(log) ?? 0;
      if (stream === undefined || stream.info.lastSequence < from) continue;
      for (const { subject, sequence, payload } of stream.from(from, '*.*.ent.*.*.*.entries')) {
        const [, , , , type, key] = subject.split('.');
        const { entry, fence } = JSON.parse(new TextDecoder().decode(payload)) as StoredEntry;
        const name = `${type}/${key}`;
        const stored = this.#of(name);
        const owner = stream.newest(subject.replace(/entries$/, 'own'))?.sequence ?? 0;
        const isOverlap = fence < stored.fence || fence < (owner < sequence ? owner : 0);
        if (isOverlap || (fence > stored.fence && stored.newest > fence))
          onOverlap(`${name}: entry ${entry} of fence ${fence} at ${sequence}, after fence ${stored.fence}`);
        stored.entries.push(entry);
        stored.fence = Math.max(stored.fence, fence);
        stored.newest = sequence;
      }
      this.#next.set(log, stream.info.lastSequence + 1);
    }
  }

  /** The newest owner records of a type, whatever their state. */
  ownersOf(type: string): OwnerRecord[] {
    return this.#logs.flatMap((log) => {
      const records = this.#stream(log)?.lastUnder(`*.*.ent.*.${type}.*.own`) ?? [];
      return records.flatMap((record) => ownerOf(record).record ?? []);
    });
  }

  /** Forgets what was read: the streams were lost, or lost their newest records. */
  forget(): void {
    this.#next.clear();
    this.#stored.clear();
  }

  #of(name: string): Stored {
    const known = this.#stored.get(name) ?? { entries: [], fence: 0, newest: 0 };
    this.#stored.set(name, known);
    return known;
  }

  #stream(log: string) {
    try {
      return this.#simulation.hub.logs.stream(log);
    } catch {
      return undefined;
    }
  }
}
