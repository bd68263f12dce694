import { QueueNotFoundError, StoreUnavailableError } from '../../errors.ts';
import type { QueueAddress, Queues, TakenMessage } from '../../queue/queues.ts';
import { startQueues } from '../../queue/start-queues.ts';
import type { TestNode } from '../test-node.ts';
import type { Scenario, Workload } from './workload.ts';
import type { World } from './world.ts';

const at: QueueAddress = { tenant: 'acme', queue: 'work' };
const leaseMs = 3_000;
const maxAttempts = 4;
const waitMs = 2_000;
const retryMs = 500;
const mostTaken = 3;
/** Time for an answer at the end. */
const askMs = 5_000;
const mostAsked = 8;
const body = Uint8Array.of(1);

/** What happened to one message. */
interface Course {
  /** Its `put` was confirmed. */
  isAccepted: boolean;
  /** A taker has sent an acknowledgement, or someone a cancellation: it may be gone. */
  mayBeGone: boolean;
  /** Its acknowledgement was confirmed. */
  isAcknowledged: boolean;
  readonly maxAttempts: number;
  /** A second message of its id was put: accepted when the first one is gone and its id forgotten. */
  maybeAgain: boolean;
  /** Restarts of the store before it was put. A restart makes it forget the ids of messages that are gone. */
  readonly restarts: number;
  /** Number of the newest delivery, over all messages. */
  newest: number;
  /** Deliveries of this message so far, as the queue counts them. A second message would begin with 1. */
  attempts: number;
}

/** What the queue holds at the end: messages that are not dead, and the attempts of the dead ones. */
interface QueueEnd {
  readonly left: number;
  readonly dead: ReadonlyMap<string, number>;
}

/**
 * Durable queues that every node fills and empties. Takers are slow, give messages back, keep them for longer, settle
 * them through another node, or end without a word.
 *
 * - An accepted message is acknowledged, cancelled, or dead in the end. None is lost.
 * - No message is delivered after its acknowledgement was confirmed.
 * - A taker whose lease is over settles nothing once another taker has the message.
 * - A message dies with its last delivery and not before, and never after its acknowledgement.
 * - While a message is there, no second one of its id is stored.
 */
class Queueing implements Workload {
  readonly #world: World;
  readonly #queues = new Map<TestNode, Queues>();
  #courses = new Map<string, Course>();
  #messages = 0;
  #turns = 0;
  #losses = 0;

  constructor(world: World) {
    this.#world = world;
  }

  startNode(node: TestNode): void {
    const queues = startQueues(node, { leaseMs, maxAttempts, backoffMs: 100, backoffMaxMs: 1_000 });
    this.#queues.set(node, queues);
    void this.#work(node, queues);
  }

  act(): boolean {
    const world = this.#world;
    const queues = this.#anyQueues();
    if (queues === undefined) return false;
    const draw = world.chance();
    if (draw < 0.75) void this.#putNew(queues);
    else if (draw < 0.9) void this.#putAgain(queues);
    else void this.#cancel(queues);
    return true;
  }

  /** What was accepted before may be gone, or come again. */
  onLoss(): void {
    this.#losses++;
    this.#courses = new Map();
  }

  async checkEnd(): Promise<void> {
    const world = this.#world;
    let end = await this.#askAtEnd();
    // A delayed message of a node with a wrong clock may be due only now, and be taken for all its attempts.
    for (let asked = 1; end !== undefined && end.left > 0 && asked < mostAsked; asked++)
      end = await this.#askAtEnd();
    if (end === undefined) return;
    world.check(end.left === 0, `${end.left} messages are left in the queue`);
    for (const [id, course] of this.#courses) {
      const isDead = end.dead.has(id);
      const { isAccepted, mayBeGone, isAcknowledged } = course;
      world.check(!isAccepted || mayBeGone || isDead, `the accepted message ${id} was lost`);
      const isAgain = course.maybeAgain || course.restarts !== this.#restarts();
      world.check(!isAcknowledged || !isDead || isAgain, `${id} is dead although it was acknowledged`);
      const attempts = end.dead.get(id) ?? Infinity;
      world.check(attempts >= course.maxAttempts, `${id} died after ${attempts} deliveries`);
    }
    world.count('deadMessages', end.dead.size);
  }

  async #askAtEnd(): Promise<QueueEnd | undefined> {
    const asked = this.#end();
    await this.#world.pass(askMs);
    return asked;
  }

  async #end(): Promise<QueueEnd | undefined> {
    const [queues] = this.#world.nodes().flatMap((node) => this.#queues.get(node) ?? []);
    if (queues === undefined || this.#messages === 0) return undefined;
    const { depth, inFlight } = await queues.counts(at);
    const dead = new Map<string, number>();
    for (let from: number | undefined = 1; from !== undefined; ) {
      const page: Awaited<ReturnType<Queues['dead']>> = await queues.dead(at, { from, limit: 1_000 });
      for (const { id, attempts } of page.tasks) dead.set(id, attempts);
      from = page.next;
    }
    // Messages whose node had a wrong clock may be delayed for a day: they are not counted.
    return { left: depth + inFlight, dead };
  }

  #restarts(): number {
    return this.#world.simulation.struck.get('restart') ?? 0;
  }

  #anyQueues(): Queues | undefined {
    const node = this.#world.anyNode();
    return node === undefined ? undefined : this.#queues.get(node);
  }

  async #putNew(queues: Queues): Promise<void> {
    const world = this.#world;
    const id = `m${this.#losses}.${++this.#messages}`;
    const course: Course = {
      isAccepted: false,
      mayBeGone: false,
      isAcknowledged: false,
      maxAttempts: world.chance() < 0.2 ? 1 : maxAttempts,
      maybeAgain: false,
      restarts: this.#restarts(),
      newest: 0,
      attempts: 0,
    };
    this.#courses.set(id, course);
    const delayMs = world.chance() < 0.2 ? 1_000 : 0;
    const priority = Math.floor(world.chance() * 3);
    const message = { id, body, priority, delayMs, maxAttempts: course.maxAttempts };
    // A delayed message of a node with a wrong clock may wait for a day.
    if (delayMs > 0) course.mayBeGone = true;
    const result = await this.#attempt(() => queues.put(at, message));
    if (result === undefined) return;
    // A duplicate is its own first attempt, whose answer was lost.
    course.isAccepted = true;
    world.count('messages');
  }

  async #putAgain(queues: Queues): Promise<void> {
    const ids = [...this.#courses.keys()];
    if (ids.length === 0) return;
    const id = this.#world.pick(ids.slice(-10));
    const course = this.#courses.get(id);
    // Only of a message that is surely there.
    if (course?.isAccepted !== true || course.mayBeGone) return;
    course.maybeAgain = true;
    const result = await this.#attempt(() => queues.put(at, { id, body, maxAttempts: course.maxAttempts }));
    // Where an answer of the store was lost, the first message is taken for the second one, and nothing is added.
    if (result?.isDuplicate === true) this.#world.count('duplicatesRefused');
  }

  async #cancel(queues: Queues): Promise<void> {
    const ids = [...this.#courses.keys()];
    if (ids.length === 0) return;
    const id = this.#world.pick(ids.slice(-20));
    const course = this.#courses.get(id) as Course;
    course.mayBeGone = true;
    if ((await this.#attempt(() => queues.cancel(at, id))) === true) this.#world.count('cancelled');
  }

  /** Takes messages for as long as the node lives. */
  async #work(node: TestNode, queues: Queues): Promise<void> {
    const world = this.#world;
    while (world.isAlive(node)) {
      const max = 1 + Math.floor(world.chance() * mostTaken);
      const taken = await this.#attempt(() => queues.take(at, { max, waitMs }));
      if (!world.isAlive(node)) return;
      if (taken === undefined) await sleep(node, retryMs);
      else await Promise.all(taken.map((message) => this.#handle(node, queues, message)));
    }
  }

  async #handle(node: TestNode, queues: Queues, message: TakenMessage): Promise<void> {
    const world = this.#world;
    const { id, attempt } = message;
    const course = this.#courses.get(id);
    if (attempt > 1) world.count('redelivered');
    if (course === undefined || message.expiresAtMs <= node.clock.wallNow()) return;
    const isOver = course.isAcknowledged && !course.maybeAgain && course.restarts === this.#restarts();
    world.check(!isOver, `${id} was delivered after its acknowledgement was confirmed`);
    world.check(attempt <= course.maxAttempts, `${id} was delivered for the ${attempt}th time`);
    const isSecond = attempt <= course.attempts && !course.mayBeGone;
    world.check(!isSecond, `${id} was delivered for the ${attempt}th time again: it is stored twice`);
    course.attempts = Math.max(course.attempts, attempt);
    const turn = ++this.#turns;
    world.simulation.note(`queue deliver ${id} ${attempt} ${node.nodeId}`);
    course.newest = turn;
    const wallOffsetMs = offsetOf(node, world);
    const draw = world.chance();
    await sleep(node, draw < 0.15 ? leaseMs * (0.8 + world.chance()) : 50 * world.chance());
    // A process that ends without a word.
    if (draw > 0.95) return;
    if (draw > 0.8) {
      const outcome = await this.#attempt(() => queues.nack(at, message));
      if (outcome === 'lease-lost') world.count('lostLeases');
      return;
    }
    if (draw > 0.7) {
      await this.#attempt(() => queues.extend(at, message, 2 * leaseMs));
      await sleep(node, leaseMs);
    }
    course.mayBeGone = true;
    const other = draw > 0.6 && draw < 0.7 ? this.#anyQueues() : undefined;
    const outcome = await this.#attempt(() => (other ?? queues).ack(at, message));
    // Another node compares the end of the lease with its own wall clock, which jumps.
    if (outcome === 'settled' && other === undefined) course.isAcknowledged = true;
    if (other === undefined) this.#judge(node, course, { id, turn, outcome, wallOffsetMs });
  }

  /** A lease that is over settles nothing once another taker has the message. */
  #judge(
    node: TestNode,
    course: Course,
    {
      id,
      turn,
      outcome,
      wallOffsetMs,
    }: { id: string; turn: number; outcome: string | undefined; wallOffsetMs: number },
  ): void {
    const world = this.#world;
    if (outcome === 'lease-lost') world.count('lostLeases');
    // The end of a lease is compared with the wall clock, which jumps.
    if (outcome !== 'settled' || Math.abs(offsetOf(node, world) - wallOffsetMs) > 1) return;
    world.check(
      course.newest === turn || !this.#courses.has(id),
      `${id} was settled by a taker whose lease was over, while another one has it`,
    );
  }

  /** Undefined where the store did not answer. */
  async #attempt<T>(act: () => Promise<T>): Promise<T | undefined> {
    try {
      return await act();
    } catch (error) {
      // After a loss, the queue is unknown until the next message.
      const isExpected =
        error instanceof StoreUnavailableError || (this.#losses > 0 && error instanceof QueueNotFoundError);
      this.#world.check(isExpected, `a queue failed with ${String(error)}`);
      return undefined;
    }
  }
}

export const queueing: Scenario = {
  create: (world) => new Queueing(world),
  counters: {
    messages: 'messages that a queue accepted',
    redelivered: 'messages that were delivered again',
    duplicatesRefused: 'messages that were refused because one of their id was there',
    cancelled: 'messages that were cancelled',
    lostLeases: 'settlements that came after the end of the lease',
    deadMessages: 'messages that died',
  },
};

function offsetOf(node: TestNode, world: World): number {
  return node.clock.wallNow() - world.now();
}

function sleep(node: TestNode, ms: number): Promise<void> {
  return new Promise((resolve) => node.clock.setTimer(ms, resolve));
}
