import type { FleetEvent } from './event.ts';

/** The newest records of the stream of events, without a hole between them. A record that is no event has none. */
export class EventRing {
  readonly #size: number;
  #records: { readonly sequence: number; readonly event: FleetEvent | undefined }[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  /** Records are added in the order of their sequences. After a hole the ring begins anew. */
  add(sequence: number, event: FleetEvent | undefined): void {
    const last = this.#records.at(-1)?.sequence;
    if (last !== undefined && sequence !== last + 1) this.#records = [];
    this.#records.push({ sequence, event });
    if (this.#records.length >= 2 * this.#size) this.#records = this.#records.slice(-this.#size);
  }

  clear(): void {
    this.#records = [];
  }

  /** At most `limit` records after a sequence; undefined where the ring does not reach back so far. */
  after(
    sequence: number,
    limit: number,
  ):
    | {
        readonly events: { readonly sequence: number; readonly event: FleetEvent }[];
        readonly through: number;
      }
    | undefined {
    const [first] = this.#records;
    const last = this.#records.at(-1);
    if (first === undefined || last === undefined) return undefined;
    if (sequence < first.sequence - 1 || sequence > last.sequence) return undefined;
    const from = sequence + 1 - first.sequence;
    const taken = this.#records.slice(from, from + limit);
    return {
      events: taken.flatMap((one) =>
        one.event === undefined ? [] : [{ sequence: one.sequence, event: one.event }],
      ),
      through: taken.at(-1)?.sequence ?? sequence,
    };
  }
}
