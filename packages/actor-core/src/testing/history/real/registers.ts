import { systemClock } from '../../../clock/system-clock.ts';
import { bucketLog, type BucketSpec, keySubject } from '../../../storage/key-value/bucket-spec.ts';
import { checkLinearizable } from '../linearizability.ts';
import { register, type RegisterInput, type RegisterOutput } from '../models.ts';
import { decodeValue, encodeValue, type RegisterCall, resolvedCall, writtenBy } from '../register-call.ts';
import {
  chance,
  type HistoryClient,
  type HistoryPart,
  requireUnavailable,
  type Tally,
  untilDone,
} from './client.ts';

const spec: BucketSpec = { name: 'history', history: 64, replicas: 3 };
const log = bucketLog(spec.name);
const barrier = keySubject(spec.name, 'barrier');
/** Keys that are in use at the same time. */
const keysInUse = 4;
/** A key with so many writes is given up: the bucket keeps all its values, and its history stays short. */
const mostWrites = 40;

/** Reads, writes and compare-and-set on keys of a bucket: linearizable, key by key. */
export class RegisterHistory implements HistoryPart {
  readonly #tally: Tally;
  #calls: RegisterCall[] = [];
  readonly #keys: string[] = [];
  readonly #writes = new Map<string, number>();
  #values = 0;
  #named = 0;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  async prepare({ storage }: HistoryClient): Promise<void> {
    await untilDone(() => storage.keyValue.ensure(spec));
  }

  async act(client: HistoryClient): Promise<void> {
    const key = this.#pickKey();
    const draw = chance();
    try {
      if (draw < 0.4) await this.#read(client, key);
      else if (draw < 0.6) await this.#write(client, key);
      else await this.#swap(client, key);
    } catch (error) {
      requireUnavailable(error);
      this.#tally.add('register operations of unknown outcome');
    }
  }

  async check(client: HistoryClient): Promise<readonly string[]> {
    const wrong: string[] = [];
    const endMs = systemClock.now();
    for (const [key, calls] of Map.groupBy(this.#calls, (call) => call.key)) {
      const accepted = await this.#acceptedOf(client, key);
      if (new Set(accepted).size !== accepted.length) wrong.push(`a value of ${key} was accepted twice`);
      const operations = calls.flatMap((call) =>
        resolvedCall(call, (value) => (accepted.includes(value) ? endMs : undefined)),
      );
      const verdict = checkLinearizable(register, operations);
      if (verdict.kind !== 'linearizable')
        wrong.push(`the history of ${key} is not linearizable (${verdict.kind})`);
    }
    return wrong;
  }

  /** The last read of a key that has changed often returns its first value. */
  spoil(): string {
    const byKey = [...Map.groupBy(this.#calls, (call) => call.key).values()];
    for (const calls of byKey) {
      const writes = calls.filter(({ output }) => isDone(output));
      const first = writes[0];
      const second = writes.find((call) => first !== undefined && call.calledMs > first.returnedMs);
      const late = calls.find(
        (call) =>
          call.input.kind === 'read' &&
          call.output !== undefined &&
          second !== undefined &&
          call.calledMs > second.returnedMs,
      );
      if (first === undefined || late === undefined) continue;
      late.output = { kind: 'value', value: writtenBy(first.input) };
      return `a read of ${late.key} returns its first value again`;
    }
    return 'no history was long enough to be spoilt';
  }

  get keys(): number {
    return this.#named;
  }

  #pickKey(): string {
    while (this.#keys.length < keysInUse) this.#keys.push(`k${this.#named++}`);
    const index = Math.floor(chance() * keysInUse);
    const key = this.#keys[index] ?? '';
    if ((this.#writes.get(key) ?? 0) >= mostWrites) this.#keys.splice(index, 1);
    return key;
  }

  /** A read of the leader proves nothing by itself: a write to the barrier asserts that it is the newest value. */
  async #read({ storage }: HistoryClient, key: string): Promise<void> {
    const call = this.#begin(key, { kind: 'read' });
    const subject = keySubject(spec.name, key);
    const record = await storage.log.readLast(log, subject);
    const expect = { subject, sequence: record?.sequence ?? 0 };
    const outcome = await storage.writer.write(log, { subject: barrier, payload: new Uint8Array(0) }, expect);
    if (outcome.kind === 'rejected') return this.#tally.add('reads that a barrier write refuted');
    this.#tally.add('fresh reads');
    return end(call, {
      kind: 'value',
      value: record === undefined ? undefined : decodeValue(record.payload),
    });
  }

  async #write({ storage }: HistoryClient, key: string): Promise<void> {
    const bucket = await storage.keyValue.ensure(spec);
    const value = this.#nextValue(key);
    const call = this.#begin(key, { kind: 'write', value });
    await bucket.put(key, encodeValue(value));
    end(call, { kind: 'written' });
    this.#tally.add('writes');
  }

  async #swap({ storage }: HistoryClient, key: string): Promise<void> {
    const bucket = await storage.keyValue.ensure(spec);
    const entry = await bucket.get(key);
    const value = this.#nextValue(key);
    const from = entry === undefined ? undefined : decodeValue(entry.value);
    const call = this.#begin(key, { kind: 'swap', from, to: value });
    const outcome =
      entry === undefined
        ? await bucket.create(key, encodeValue(value))
        : await bucket.update(key, encodeValue(value), entry.revision);
    end(call, { kind: 'swapped', isSwapped: outcome.kind === 'written' });
    this.#tally.add(outcome.kind === 'written' ? 'swaps' : 'refused swaps');
  }

  #nextValue(key: string): number {
    this.#writes.set(key, (this.#writes.get(key) ?? 0) + 1);
    return ++this.#values;
  }

  #begin(key: string, input: RegisterInput): RegisterCall {
    const call: RegisterCall = {
      key,
      input,
      calledMs: systemClock.now(),
      output: undefined,
      returnedMs: Infinity,
    };
    this.#calls.push(call);
    return call;
  }

  async #acceptedOf({ storage }: HistoryClient, key: string): Promise<number[]> {
    const query = { from: 1, filter: keySubject(spec.name, key) };
    const { records } = await untilDone(() => storage.log.readForward(log, query));
    return records.map(({ payload }) => decodeValue(payload));
  }
}

function end(call: RegisterCall, output: RegisterOutput): void {
  call.output = output;
  call.returnedMs = systemClock.now();
}

function isDone(output: RegisterOutput | undefined): boolean {
  return output?.kind === 'written' || (output?.kind === 'swapped' && output.isSwapped);
}
