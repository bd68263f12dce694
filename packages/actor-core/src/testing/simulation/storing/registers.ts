import { StoreUnavailableError } from '../../../errors.ts';
import { bucketLog, type BucketSpec, keySubject } from '../../../storage/key-value/bucket-spec.ts';
import type { Bucket } from '../../../storage/key-value/key-value.ts';
import type { LogRecord } from '../../../storage/log/log.ts';
import { checkLinearizable } from '../../history/linearizability.ts';
import { register, type RegisterInput, type RegisterOutput } from '../../history/models.ts';
import { decodeValue, encodeValue, type RegisterCall, resolvedCall } from '../../history/register-call.ts';
import type { TestNode } from '../../test-node.ts';
import type { Workload } from '../workload.ts';
import type { World } from '../world.ts';

export const registersBucket: BucketSpec = { name: 'registers', feed: 'feed.registers' };
const log = bucketLog(registersBucket.name);
const barrier = keySubject(registersBucket.name, 'barrier');
const keys = 3;
const mostSteps = 200_000;

/**
 * Keys that every node reads, writes and swaps by compare-and-set.
 *
 * - What the clients saw is linearizable: writes, swaps, and reads that are confirmed by a write to a barrier key.
 * - A write that was reported is accepted once, at the reported revision; a write that was refused never is.
 */
export class Registers implements Workload {
  readonly #world: World;
  readonly #buckets = new Map<TestNode, Bucket>();
  #calls: RegisterCall[] = [];
  /** Instant and revision of the acceptance of each value; values are written once. */
  readonly #accepted = new Map<number, { readonly atMs: number; readonly revision: number }>();
  readonly #refused = new Set<number>();
  #values = 0;
  #losses = 0;

  constructor(world: World) {
    this.#world = world;
    world.simulation.hub.logs.onAccepted((name, record) => {
      if (name === log && record.subject !== barrier) this.#accept(record);
    });
  }

  startNode(node: TestNode): void {
    void this.#ensure(node);
  }

  act(): boolean {
    const world = this.#world;
    const node = world.anyNode();
    const bucket = node === undefined ? undefined : this.#buckets.get(node);
    if (node === undefined || bucket === undefined) return false;
    // After a loss of records the keys have other names: nothing is known about the old ones.
    const key = `k${Math.floor(world.chance() * keys)}-${this.#losses}`;
    const draw = world.chance();
    if (draw < 0.35) void this.#read(node, key);
    else if (draw < 0.55) void this.#write(node, bucket, key);
    else void this.#swap(node, bucket, key);
    return true;
  }

  onLoss(): void {
    this.#losses++;
    this.#calls = [];
    this.#accepted.clear();
    this.#refused.clear();
  }

  checkEnd(): void {
    const world = this.#world;
    for (const [key, calls] of Map.groupBy(this.#calls, (call) => call.key)) {
      const verdict = checkLinearizable(
        register,
        calls.flatMap((call) => resolvedCall(call, (value) => this.#accepted.get(value)?.atMs)),
        mostSteps,
      );
      world.check(
        verdict.kind !== 'violation',
        `the history of ${key} is not linearizable: ${describe(verdict)}`,
      );
      if (verdict.kind === 'linearizable') world.count('registerHistories');
    }
  }

  async #ensure(node: TestNode): Promise<void> {
    for (let isThere = false; !isThere && this.#world.isAlive(node); )
      try {
        this.#buckets.set(node, await node.storage.keyValue.ensure(registersBucket));
        isThere = true;
      } catch {
        await new Promise<void>((resolve) => node.clock.setTimer(500, resolve));
      }
  }

  /** A read of the leader proves nothing by itself: a write to the barrier asserts that it is the newest value. */
  async #read(node: TestNode, key: string): Promise<void> {
    const call = this.#begin(key, { kind: 'read' });
    await this.#perform(node, async () => {
      const record = await node.storage.log.readLast(log, keySubject(registersBucket.name, key));
      const expect = { subject: keySubject(registersBucket.name, key), sequence: record?.sequence ?? 0 };
      const outcome = await node.storage.writer.write(
        log,
        { subject: barrier, payload: encodeValue(0) },
        expect,
      );
      if (outcome.kind === 'rejected') {
        this.#world.count('refutedReads');
        return;
      }
      this.#end(call, {
        kind: 'value',
        value: record === undefined ? undefined : decodeValue(record.payload),
      });
    });
  }

  async #write(node: TestNode, bucket: Bucket, key: string): Promise<void> {
    const value = ++this.#values;
    const call = this.#begin(key, { kind: 'write', value });
    await this.#perform(node, async () => {
      this.#checkWritten(value, await bucket.put(key, encodeValue(value)));
      this.#end(call, { kind: 'written' });
    });
  }

  async #swap(node: TestNode, bucket: Bucket, key: string): Promise<void> {
    const world = this.#world;
    await this.#perform(node, async () => {
      const entry = await bucket.get(key);
      const value = ++this.#values;
      const from = entry === undefined ? undefined : decodeValue(entry.value);
      const call = this.#begin(key, { kind: 'swap', from, to: value });
      const outcome =
        entry === undefined
          ? await bucket.create(key, encodeValue(value))
          : await bucket.update(key, encodeValue(value), entry.revision);
      if (outcome.kind === 'written') {
        this.#checkWritten(value, outcome.revision);
        world.count('swaps');
      } else {
        world.check(!this.#accepted.has(value), `value ${value} was reported as refused and is accepted`);
        this.#refused.add(value);
        world.count('refusedSwaps');
      }
      this.#end(call, { kind: 'swapped', isSwapped: outcome.kind === 'written' });
    });
  }

  /** What fails has an unknown outcome. */
  async #perform(node: TestNode, act: () => Promise<void>): Promise<void> {
    const losses = this.#losses;
    try {
      await act();
    } catch (error) {
      const isKnown = error instanceof StoreUnavailableError;
      this.#world.check(isKnown || losses !== this.#losses, `an operation failed with ${String(error)}`);
      if (isKnown && error.code === 'store-missing') await this.#ensure(node);
    }
  }

  #begin(key: string, input: RegisterInput): RegisterCall {
    const call: RegisterCall = {
      key,
      input,
      calledMs: this.#world.now(),
      output: undefined,
      returnedMs: Infinity,
    };
    // Its key may be one from before a loss of records.
    if (key.endsWith(`-${this.#losses}`)) this.#calls.push(call);
    return call;
  }

  #end(call: RegisterCall, output: RegisterOutput): void {
    call.output = output;
    call.returnedMs = this.#world.now();
  }

  #accept({ payload, sequence }: LogRecord): void {
    const value = decodeValue(payload);
    const world = this.#world;
    world.check(!this.#accepted.has(value) || world.hasLostRecords, `value ${value} was accepted twice`);
    world.check(!this.#refused.has(value), `value ${value} is accepted after it was reported as refused`);
    this.#accepted.set(value, { atMs: world.now(), revision: sequence });
  }

  #checkWritten(value: number, revision: number): void {
    const actual = this.#accepted.get(value)?.revision;
    if (this.#world.hasLostRecords) return;
    this.#world.check(
      actual === revision,
      `value ${value} was reported at revision ${revision} and is at ${actual}`,
    );
  }
}

function describe(verdict: { readonly kind: string; readonly stuck?: readonly unknown[] }): string {
  return JSON.stringify(verdict.stuck?.slice(0, 3) ?? verdict.kind);
}
