import type { LogRecord } from '../../storage/log/log.ts';
import type { MemoryStream } from '../../storage/log/memory-stream.ts';
import type { World } from './world.ts';

/** A write of the workload, as its payload states it. `fence`: of the tenure under which it was decided. */
export interface StatedWrite {
  readonly id: number;
  readonly by: string;
  readonly fence: number;
}

/** What the log of one group accepted, record by record, checked against the rules of leadership. */
export class LeadHistory {
  readonly #world: World;
  readonly #group: string;
  /** Nodes by the fences that they took, of every log that the group had. */
  readonly leaders: Map<number, string> = new Map();
  /** Sequences of the accepted writes, by their ids: several where the log forgot that it had accepted a write. */
  readonly accepted: Map<number, number[]> = new Map();
  /** Fences that a log issued again after it was rolled back. */
  readonly #issuedTwice = new Set<number>();
  #created = '';
  #checked = 0;
  #lead: { readonly leader: string; readonly term: number; readonly sequence: number } | undefined;

  constructor(world: World, group: string) {
    this.#world = world;
    this.#group = group;
  }

  /** Forgets what was accepted: records were lost. */
  forget(): void {
    this.accepted.clear();
    this.#created = '';
  }

  /** Checks the records that were accepted since the last call. */
  check(stream: MemoryStream): void {
    if (stream.created !== this.#created) {
      this.#created = stream.created;
      this.#checked = 0;
      this.#lead = undefined;
    }
    for (const record of stream.from(this.#checked + 1, '>')) this.#take(record);
    this.#checked = stream.info.lastSequence;
  }

  #take(record: LogRecord): void {
    const leaf = record.subject.split('.').at(-2) === 'x' ? 'x' : record.subject.split('.').at(-1);
    const stated = leaf === 'lead' || leaf === 'x' ? (jsonOf(record) as Stated) : undefined;
    if (stated === undefined) return;
    if (leaf === 'lead') this.#takeLead(record, stated as StatedLead);
    else this.#takeWrite(record, stated as StatedWrite);
  }

  #takeLead({ sequence }: LogRecord, { leader, term }: StatedLead): void {
    const before = this.#lead;
    this.#world.check(
      before === undefined || term > before.term,
      `${leader} leads ${this.#group} in term ${term} after term ${before?.term}`,
    );
    this.#world.count('elections');
    if (before !== undefined && before.leader !== leader) this.#world.count('takeovers');
    this.#lead = { leader, term, sequence };
    if (this.leaders.has(sequence) && this.leaders.get(sequence) !== leader) this.#issuedTwice.add(sequence);
    this.leaders.set(sequence, leader);
  }

  #takeWrite({ sequence }: LogRecord, { id, by, fence }: StatedWrite): void {
    this.accepted.set(id, [...(this.accepted.get(id) ?? []), sequence]);
    const isHolder = fence === this.#lead?.sequence && by === this.#lead.leader;
    this.#world.check(
      isHolder || (this.#world.hasLostRecords && this.#issuedTwice.has(fence)),
      `${this.#group} accepted a write that ${by} decided under fence ${fence} while ${this.#lead?.leader} held ${this.#lead?.sequence}`,
    );
  }
}

interface StatedLead {
  readonly leader: string;
  readonly term: number;
}

type Stated = StatedLead | StatedWrite;

function jsonOf({ payload }: LogRecord): unknown {
  return JSON.parse(new TextDecoder().decode(payload));
}
