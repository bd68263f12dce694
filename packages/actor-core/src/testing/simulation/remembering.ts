import {
  BlobDamagedError,
  StoreUnavailableError,
  UploadTimeoutError,
  WriteUnknownError,
} from '../../errors.ts';
import { compareStamps, type Stamp } from '../../memory/hybrid-clock.ts';
import type { Memory, MemoryRead, MemoryScope, ReadLevel } from '../../memory/memory.ts';
import { startMemory } from '../../memory/start-memory.ts';
import { decodeMeta } from '../../memory/value-meta.ts';
import type { LogRecord } from '../../storage/log/log.ts';
import type { MemoryLogs } from '../../storage/log/memory-log.ts';
import { memoryBucket } from '../../transport/subjects.ts';
import { checkLinearizable, type Operation } from '../history/linearizability.ts';
import { register, type RegisterInput, type RegisterOutput } from '../history/models.ts';
import type { TestNode } from '../test-node.ts';
import type { Scenario, Workload } from './workload.ts';
import type { World } from './world.ts';

const registers = ['r0', 'r1', 'r2'];
const counter = 'counter';
const set = 'set';
const latest = 'latest';
const keys = [...registers, counter, set, latest];
const tenant = 'default';
const scope = { kind: 'global', id: '' } as const;
const maxHistorySteps = 200_000;
/** Every third value of a register has more bytes than a record takes, and values grow old soon. */
const limits = { maxRecordBytes: 32, coldAfterMs: 5_000, coldMinBytes: 1, upkeepMs: 4_000 };

/** One operation on a register; its outcome is filled in when it is known. */
interface Call {
  readonly input: RegisterInput;
  readonly calledMs: number;
  output: RegisterOutput | undefined;
  returnedMs: number;
  /** Certainly not performed. */
  isVoid: boolean;
}

/** What one incarnation of a node has. */
interface Desk {
  readonly memory: Memory;
  readonly values: MemoryScope;
  /** Newest revision of each key that its watch reported. */
  readonly heard: Map<string, number>;
  /** Newest revision of each key that it read, wrote or heard of. */
  readonly seen: Map<string, number>;
}

/**
 * The replicated memory on every node, with clients that read, write, compare and set, and change CRDTs.
 *
 * - `fresh` reads, writes and compare-and-sets of a key are linearizable.
 * - An acknowledged operation on a CRDT is never lost, and none is made twice.
 * - The stamp of a `last-writer` key never goes back.
 * - A watch reports revisions in order.
 * - No read of a node goes behind what the node has read, written or heard of before.
 * - A value is read as it was written, whether a record or a blob has it, and while it is moved.
 * - After the faults, every cache and every watch has the newest value of each key.
 */
class Remembering implements Workload {
  readonly #world: World;
  readonly #desks = new Map<TestNode, Desk>();
  readonly #calls = new Map<string, Call[]>(registers.map((key) => [key, []]));
  /** Revision and value that some client knows of a register. */
  readonly #known = new Map<string, { readonly revision: number; readonly value: number }>();
  readonly #added = { sure: 0, perhaps: 0 };
  readonly #elements = new Set<number>();
  #value = 0;
  #stamp: Stamp | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  startNode(node: TestNode): void {
    const memory = startMemory(node, limits);
    const desk: Desk = { memory, values: memory.scope(tenant, scope), heard: new Map(), seen: new Map() };
    this.#desks.set(node, desk);
    desk.values.watch((event) => {
      if (!this.#world.isAlive(node)) return;
      if (event.type === 'reset') return desk.heard.clear();
      if (event.type === 'conflict') return this.#world.count('conflicts');
      const before = desk.heard.get(event.key) ?? 0;
      const order = `${node.nodeId} heard revision ${event.revision} of ${event.key} after ${before}`;
      this.#world.check(event.revision > before, order);
      noteSeen(desk, event.key, event.revision);
      return void desk.heard.set(event.key, event.revision);
    });
  }

  act(): boolean {
    const world = this.#world;
    const node = world.anyNode();
    const desk = node === undefined ? undefined : this.#desks.get(node);
    if (node === undefined || desk === undefined) return false;
    const draw = world.chance();
    if (draw < 0.03) this.#rush();
    else if (draw < 0.6) void this.#useRegister(node, desk, world.pick(registers));
    else if (draw < 0.7) void this.#useCounter(node, desk);
    else if (draw < 0.8) void this.#useSet(node, desk);
    else if (draw < 0.9) void this.#setLatest(node, desk);
    else void this.#readQuickly(node, desk, world.pick(keys));
    return true;
  }

  onLoss(): void {
    this.#stamp = undefined;
  }

  checkStep(): void {
    const { hub } = this.#world.simulation;
    const bucket = memoryBucket(hub.cell, 'standard');
    const record = newestOf(hub.logs, `KV_${bucket}`, `$KV.${bucket}.${tenant}.global._.${latest}`);
    const { stamp } = record === undefined ? {} : decodeMeta(record.headers);
    if (stamp === undefined) return;
    const isBack = this.#stamp !== undefined && compareStamps(stamp, this.#stamp) < 0;
    this.#world.check(!isBack || this.#world.hasLostRecords, `the stamp of ${latest} went back`);
    this.#stamp = stamp;
  }

  async checkEnd(): Promise<void> {
    const world = this.#world;
    if (!world.hasLostRecords) this.#checkHistories();
    const checked = Promise.all(world.nodes().map((node) => this.#checkCopies(node)));
    const isSettled = await Promise.race([checked.then(() => true), world.pass(20_000).then(() => false)]);
    world.check(isSettled, 'reads of memory do not end although there is no fault');
    for (const { memory } of this.#desks.values()) {
      world.count('barriers', memory.stats.barrierWrites);
      world.count('lostAttempts', memory.stats.lostAttempts);
      world.count('forwarded', memory.stats.forwarded);
      world.count('blobs', memory.stats.blobWrites);
      world.count('moved', memory.stats.moved);
      world.count('broughtBack', memory.stats.broughtBack);
      world.count('reclaimed', memory.stats.reclaimedBlobs);
    }
  }

  async #useRegister(node: TestNode, desk: Desk, key: string): Promise<void> {
    const draw = this.#world.chance();
    if (draw < 0.45) return this.#read(node, desk, key);
    if (draw < 0.7) return this.#write(node, desk, key);
    return this.#swap(node, desk, key);
  }

  async #read(node: TestNode, desk: Desk, key: string): Promise<void> {
    await this.#call(node, key, { kind: 'read' }, async () => {
      const read = await this.#readAt(node, desk, key, 'fresh');
      const value = numberOf(read);
      if (read !== undefined && value !== undefined) this.#known.set(key, { revision: read.revision, value });
      return { kind: 'value', value };
    });
  }

  async #write(node: TestNode, desk: Desk, key: string): Promise<void> {
    const value = ++this.#value;
    await this.#call(node, key, { kind: 'write', value }, async () => {
      const outcome = await desk.values.put(key, bytesOf(value));
      this.#world.check(outcome.kind === 'written', `a plain put came to be ${outcome.kind}`);
      if (outcome.kind === 'written') {
        this.#known.set(key, { revision: outcome.revision, value });
        noteSeen(desk, key, outcome.revision);
      }
      return { kind: 'written' };
    });
  }

  async #swap(node: TestNode, desk: Desk, key: string): Promise<void> {
    const known = this.#known.get(key);
    const to = ++this.#value;
    await this.#call(node, key, { kind: 'swap', from: known?.value, to }, async () => {
      const outcome = await desk.values.put(key, bytesOf(to), { ifRevision: known?.revision ?? 0 });
      const isSwapped = outcome.kind === 'written';
      if (isSwapped) {
        this.#known.set(key, { revision: outcome.revision, value: to });
        noteSeen(desk, key, outcome.revision);
      }
      this.#world.count(isSwapped ? 'swapped' : 'notSwapped');
      return { kind: 'swapped', isSwapped };
    });
  }

  /** Records an operation, and its outcome if the node lives to see it. */
  async #call(
    node: TestNode,
    key: string,
    input: RegisterInput,
    perform: () => Promise<RegisterOutput>,
  ): Promise<void> {
    const world = this.#world;
    const call: Call = {
      input,
      calledMs: world.now(),
      output: undefined,
      returnedMs: Number.POSITIVE_INFINITY,
      isVoid: false,
    };
    this.#calls.get(key)?.push(call);
    try {
      const output = await perform();
      if (!world.isAlive(node)) return;
      Object.assign(call, { output, returnedMs: world.now() });
      world.count('confirmed');
    } catch (error) {
      if (world.isAlive(node)) call.isVoid = this.#isVoid(error);
    }
  }

  /** Whether a failed operation was certainly not performed. */
  #isVoid(error: unknown): boolean {
    const isUnknown = error instanceof WriteUnknownError;
    if (isUnknown) this.#world.count('unknownWrites');
    else if (!this.#isExpected(error))
      this.#world.check(
        false,
        `an operation failed: ${error instanceof Error ? error.stack : String(error)}`,
      );
    return !isUnknown;
  }

  #isExpected(error: unknown): boolean {
    if (error instanceof StoreUnavailableError || error instanceof UploadTimeoutError) return true;
    return error instanceof BlobDamagedError && this.#world.hasLostRecords;
  }

  async #useCounter(node: TestNode, desk: Desk): Promise<void> {
    const add = 1 + Math.floor(this.#world.chance() * 3);
    this.#added.perhaps += add;
    try {
      const outcome = await desk.values.operate(counter, [{ add }], { policy: 'crdt:pn-counter' });
      this.#world.check(outcome.kind === 'written', `an operation came to be ${outcome.kind}`);
      if (this.#world.isAlive(node)) this.#added.sure += add;
    } catch (error) {
      if (this.#world.isAlive(node) && this.#isVoid(error)) this.#added.perhaps -= add;
    }
  }

  /** Every node counts several times, so that the counter becomes a hot key: one node writes it for all. */
  #rush(): void {
    for (const node of this.#world.nodes()) {
      const desk = this.#desks.get(node);
      if (desk !== undefined) void this.#countOften(node, desk);
    }
  }

  async #countOften(node: TestNode, desk: Desk): Promise<void> {
    for (let time = 0; time < 6 && this.#world.isAlive(node); time++) await this.#useCounter(node, desk);
  }

  async #useSet(node: TestNode, desk: Desk): Promise<void> {
    const add = ++this.#value;
    try {
      await desk.values.operate(set, [{ add }], { policy: 'crdt:or-set' });
      if (this.#world.isAlive(node)) this.#elements.add(add);
    } catch (error) {
      if (this.#world.isAlive(node)) this.#isVoid(error);
    }
  }

  async #setLatest(node: TestNode, desk: Desk): Promise<void> {
    try {
      const outcome = await desk.values.put(latest, bytesOf(++this.#value), { policy: 'last-writer' });
      if (outcome.kind === 'superseded') this.#world.count('superseded');
    } catch (error) {
      if (this.#world.isAlive(node)) this.#isVoid(error);
    }
  }

  async #readQuickly(node: TestNode, desk: Desk, key: string): Promise<void> {
    try {
      const read = await this.#readAt(node, desk, key, this.#world.pick(['cached', 'leader']));
      if (read?.level === 'cached' && this.#world.isAlive(node)) this.#world.count('cacheHits');
    } catch (error) {
      if (this.#world.isAlive(node)) this.#isVoid(error);
    }
  }

  async #readAt(node: TestNode, desk: Desk, key: string, level: ReadLevel): Promise<MemoryRead | undefined> {
    const world = this.#world;
    const before = desk.seen.get(key) ?? 0;
    const read = await desk.values.get(key, { level });
    const revision = read?.revision ?? 0;
    world.check(
      revision >= before || !world.isAlive(node) || world.hasLostRecords,
      `${node.nodeId} read revision ${revision} of ${key} (${level}) after it knew ${before}`,
    );
    noteSeen(desk, key, revision);
    return read;
  }

  #checkHistories(): void {
    for (const [key, calls] of this.#calls) {
      const history: Operation<RegisterInput, RegisterOutput>[] = calls.filter(({ isVoid }) => !isVoid);
      const verdict = checkLinearizable(register, history, maxHistorySteps);
      this.#world.check(
        verdict.kind !== 'violation',
        `${key} is not linearizable: ${JSON.stringify(verdict)}`,
      );
      if (verdict.kind === 'linearizable') this.#world.count('histories');
    }
  }

  /** A node has the newest value of each key in its cache, and heard of it. */
  async #checkCopies(node: TestNode): Promise<void> {
    const world = this.#world;
    const { values, heard } = this.#desks.get(node) as Desk;
    for (const key of keys) {
      try {
        const cached = await values.get(key, { level: 'cached' });
        const fresh = await values.get(key, { level: 'fresh' });
        const difference = `${node.nodeId} has revision ${cached?.revision} of ${key} cached, not ${fresh?.revision}`;
        world.check(cached?.revision === fresh?.revision, difference);
        const last = heard.get(key);
        world.check(
          last === undefined || last === fresh?.revision || world.hasLostRecords,
          `${node.nodeId} heard of revision ${last} of ${key}, not of ${fresh?.revision}`,
        );
        if (!world.hasLostRecords) this.#checkContent(key, fresh);
      } catch (error) {
        // A value of which the store lost the bytes is told as damaged, never as another value.
        const isLost = error instanceof BlobDamagedError && world.hasLostRecords;
        world.check(isLost, `${node.nodeId} cannot read ${key}: ${String(error)}`);
      }
    }
  }

  #checkContent(key: string, read: MemoryRead | undefined): void {
    const value: unknown = read === undefined ? undefined : JSON.parse(new TextDecoder().decode(read.value));
    if (key === counter) {
      const { sure, perhaps } = this.#added;
      const total = typeof value === 'number' ? value : 0;
      this.#world.check(total >= sure, `${sure} was added to the counter, and it has ${total}`);
      this.#world.check(total <= perhaps, `at most ${perhaps} was added to the counter, and it has ${total}`);
    }
    if (key !== set) return;
    const elements = new Set(Array.isArray(value) ? value : []);
    for (const element of this.#elements)
      this.#world.check(elements.has(element), `the element ${element} is not in the set`);
  }
}

/** The newest record of a subject, past all faults. A log that was wiped does not exist until a node creates it. */
function newestOf(logs: MemoryLogs, log: string, subject: string): LogRecord | undefined {
  try {
    return logs.stream(log).newest(subject);
  } catch {
    return undefined;
  }
}

function noteSeen({ seen }: Desk, key: string, revision: number): void {
  seen.set(key, Math.max(revision, seen.get(key) ?? 0));
}

function bytesOf(value: number): Uint8Array {
  return new TextEncoder().encode(String(value).padEnd(value % 3 === 0 ? 40 : 1));
}

function numberOf(read: MemoryRead | undefined): number | undefined {
  return read === undefined ? undefined : Number(new TextDecoder().decode(read.value));
}

export const remembering: Scenario = {
  create: (world) => new Remembering(world),
  counters: {
    confirmed: 'operations on registers of memory that were confirmed',
    swapped: 'compare-and-sets of memory that were made',
    notSwapped: 'compare-and-sets of memory that were refused',
    histories: 'histories of keys of memory that were found linearizable',
    barriers: 'barrier writes of fresh reads',
    lostAttempts: 'attempts that lost against another node and were made again',
    forwarded: 'changes of hot keys that their owner made for another node',
    unknownWrites: 'writes of memory whose outcome stayed unknown',
    superseded: 'writes that lost against a later stamp',
    conflicts: 'conflicts that watches reported',
    blobs: 'values of memory that were stored as blobs',
    moved: 'old values of memory that were moved into blobs',
    broughtBack: 'moved values of memory that a read brought back',
    reclaimed: 'blobs of memory that the upkeep removed as orphans',
    cacheHits: 'reads that a cache answered',
  },
};
