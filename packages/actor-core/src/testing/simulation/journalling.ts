import type { ActorRef } from '../../actor/actor-ref.ts';
import type { RuntimeEvent } from '../../actor/runtime-event.ts';
import { props } from '../../cell/create-props.ts';
import { NotStoredError, OutcomeUnknownError } from '../../errors.ts';
import { journalled } from '../../journal/journalled.ts';
import { journalLogSpec, openJournal } from '../../journal/open-journal.ts';
import type { TestNode } from '../test-node.ts';
import { BookModel } from './journalling/book-model.ts';
import {
  type BookAnswer,
  type BookCommand,
  type BookState,
  bookDefinition,
} from './journalling/ledger-book.ts';
import type { Scenario, Workload } from './workload.ts';
import type { World } from './world.ts';

const log = 'BOOKS';
const names = ['b0', 'b1', 'b2'] as const;
const timeoutMs = 8_000;
const leastTimerMs = 200;
const mostTimerMs = 15_000;
/** What the extrapolation of the server's clock may be wrong by: half a minute of clocks that differ by 1 %. */
const clockErrorMs = 400;
/** From the last claim until every timer that is due has fired. */
const settleMs = 8_000;
const claimRepeatMs = 500;
const endAttempts = 20;

/** An actor that writes, or wrote, a book. */
interface Writer {
  readonly node: TestNode;
  readonly ref: ActorRef<BookCommand>;
}

/**
 * Journalled books. Any node may take a book over at any time; its actors fail, and their nodes crash, pause and lose
 * the store.
 *
 * - An entry that was answered is in every later state, at its place; no two are at one place.
 * - A state that is recovered has everything that was answered under its fence or an earlier one.
 * - What was refused as not stored is never stored.
 * - A timer does not fire before its time, nor after a confirmed cancellation.
 * - In the end every book answers, and every timer that was not cancelled has fired once.
 */
class Journalling implements Workload {
  readonly #world: World;
  readonly #models = new Map<string, BookModel>(names.map((name) => [name, new BookModel()]));
  /** The newest writers of each book, deposed ones among them. */
  readonly #writers = new Map<string, Writer[]>(names.map((name) => [name, []]));
  #ids = 0;

  constructor(world: World) {
    this.#world = world;
  }

  startNode(node: TestNode): void {
    void this.#claim(node, this.#world.pick(names));
  }

  act(): boolean {
    const world = this.#world;
    const node = world.anyNode();
    if (node === undefined) return false;
    const name = world.pick(names);
    if (world.chance() < 0.08) {
      void this.#claim(node, name);
      return true;
    }
    const writers = this.#of(name).filter((writer) => world.isAlive(writer.node));
    const writer = world.chance() < 0.8 ? writers.at(-1) : writers.at(-2);
    if (writer === undefined) return false;
    void this.#command(writer, name);
    return true;
  }

  onEvent(_node: TestNode, event: RuntimeEvent): void {
    if (event.type !== 'journal' || !event.journal.startsWith('books.')) return;
    const world = this.#world;
    world.simulation.note(`${event.journal} ${event.what} ${event.cause}`);
    if (event.what === 'recovered') world.count('recoveries');
    if (event.what === 'suspended') world.count('suspensions');
    if (event.what === 'deposed') world.count('deposedJournals');
    world.check(event.what !== 'quarantined' || world.hasLostRecords, `${event.journal}: ${event.cause}`);
  }

  onLoss(): void {
    for (const model of this.#models.values()) model.forget();
  }

  async checkEnd(): Promise<void> {
    const world = this.#world;
    const claimed = await this.#claimAll();
    await world.pass(settleMs);
    const readings = [...claimed].map(async ([name, writer]) => {
      const answer = await this.#answerOf(writer, (replyTo) => ({ kind: 'read', replyTo }));
      this.#checkBook(name, answer);
    });
    await Promise.all(readings);
  }

  #checkBook(name: string, answer: BookAnswer | undefined): void {
    const world = this.#world;
    // A journal that lost entries is quarantined.
    world.check(answer !== undefined || world.hasLostRecords, `${name} does not answer in the end`);
    if (answer === undefined || world.hasLostRecords) return;
    this.#verify(name, this.#model(name).check(answer.state, answer.fence));
    this.#verify(name, this.#model(name).checkEnd(answer.state, world.simulation.clock.wallNow() - 1_000));
    if (this.#model(name).answered > 0) world.count('booksVerified');
  }

  /** Takes a book over and starts its actor. Repeats nothing: others will. */
  async #claim(node: TestNode, name: string): Promise<Writer | undefined> {
    const { storage, nodeId } = node;
    try {
      await storage.log.ensure(journalLogSpec({ name: log, subjects: ['books.>'] }));
      const subject = `books.${name}`;
      const owner = await openJournal({ storage, log, subject, owner: nodeId });
      if (!this.#world.isAlive(node)) return undefined;
      const definition = bookDefinition(owner.fence.sequence, {
        onRecovered: (state) => this.#recovered(node, name, state, owner.fence.sequence),
        onTimer: ({ key, atMs }) => this.#fires(node, name, key, atMs),
      });
      const create = () => journalled(definition, { storage, owner });
      const ref = node.system.spawn(
        props<BookCommand>(create, { restart: 'transient' }),
        `${name}-${owner.fence.sequence}`,
      );
      const writer = { node, ref };
      this.#of(name).push(writer);
      return writer;
    } catch {
      return undefined;
    }
  }

  async #command(writer: Writer, name: string): Promise<void> {
    const world = this.#world;
    const model = this.#model(name);
    const draw = world.chance();
    if (draw < 0.02) return writer.ref.tell({ kind: 'fail' });
    if (draw < 0.2) return this.#set(writer, name);
    const timer = model.openTimers.at(-1);
    if (draw < 0.28 && timer !== undefined) {
      model.cancelling(timer);
      const answer = await this.#answerOf(writer, (replyTo) => ({ kind: 'cancel', timer, replyTo }));
      if (answer === undefined) return;
      world.count('timersCancelled');
      model.cancelled(timer, answer);
      return this.#verify(name, model.check(answer.state, answer.fence));
    }
    return this.#add(writer, name);
  }

  async #add(writer: Writer, name: string): Promise<void> {
    const id = `e${++this.#ids}`;
    const model = this.#model(name);
    const answer = await this.#answerOf(
      writer,
      (replyTo) => ({ kind: 'add', id, replyTo }),
      () => model.refused(id),
    );
    if (answer === undefined) return;
    this.#world.count('entries');
    this.#verify(name, model.added(id, answer));
  }

  async #set(writer: Writer, name: string): Promise<void> {
    const world = this.#world;
    const timer = `t${++this.#ids}`;
    const afterMs = leastTimerMs + world.chance() * mostTimerMs;
    const earliestMs = world.simulation.clock.wallNow() + afterMs - clockErrorMs;
    const answer = await this.#answerOf(writer, (replyTo) => ({ kind: 'set', timer, afterMs, replyTo }));
    if (answer === undefined) return;
    world.count('timersSet');
    this.#model(name).timerSet(timer, earliestMs);
  }

  /** Undefined where no answer came. `onRefused`: certainly nothing was stored. */
  async #answerOf(
    { node, ref }: Writer,
    make: (replyTo: ActorRef<BookAnswer>) => BookCommand,
    onRefused: () => void = () => undefined,
  ): Promise<BookAnswer | undefined> {
    const world = this.#world;
    const losses = world.hasLostRecords;
    try {
      const answer = await node.system.ask<BookCommand, BookAnswer>(ref, make, { timeoutMs });
      return world.isAlive(node) && losses === world.hasLostRecords ? answer : undefined;
    } catch (error) {
      if (!world.isAlive(node)) return undefined;
      if (error instanceof OutcomeUnknownError) world.count('unknownEntries');
      if (error instanceof NotStoredError) {
        world.count('refusedEntries');
        onRefused();
      }
      return undefined;
    }
  }

  #recovered(node: TestNode, name: string, state: BookState, fence: number): void {
    if (this.#world.isAlive(node)) this.#verify(name, this.#model(name).check(state, fence));
  }

  #fires(node: TestNode, name: string, key: string, atMs: number): void {
    const world = this.#world;
    if (!world.isAlive(node)) return;
    const nowMs = world.simulation.clock.wallNow();
    world.count('timersFired');
    this.#verify(name, nowMs < atMs ? `the timer ${key} fires ${atMs - nowMs} ms too early` : undefined);
    const earliestMs = this.#model(name).earliestOf(key);
    this.#verify(name, nowMs < earliestMs ? `the timer ${key} fires before its time` : undefined);
  }

  /** All books, each with a new writer. */
  async #claimAll(): Promise<ReadonlyMap<string, Writer>> {
    const world = this.#world;
    const claimed = new Map<string, Writer>();
    for (let attempt = 0; attempt < endAttempts && claimed.size < names.length; attempt++) {
      for (const name of names) {
        const node = claimed.has(name) ? undefined : world.anyNode();
        if (node === undefined) continue;
        void this.#claim(node, name).then((writer) => writer && claimed.set(name, writer));
      }
      await world.pass(claimRepeatMs);
    }
    for (const name of names) world.check(claimed.has(name), `nobody can take ${name} in the end`);
    return claimed;
  }

  #verify(name: string, fault: string | undefined): void {
    if (fault !== undefined) this.#world.check(this.#world.hasLostRecords, `${name}: ${fault}`);
  }

  #of(name: string): Writer[] {
    return this.#writers.get(name) as Writer[];
  }

  #model(name: string): BookModel {
    return this.#models.get(name) as BookModel;
  }
}

export const journalling: Scenario = {
  create: (world) => new Journalling(world),
  counters: {
    entries: 'entries of books that were answered',
    refusedEntries: 'commands that were refused as not stored',
    unknownEntries: 'commands whose outcome was unknown',
    recoveries: 'states that were recovered from a journal',
    suspensions: 'journals that were suspended, since the store did not confirm a write',
    deposedJournals: 'actors that ended because another owner had their journal',
    timersSet: 'durable timers that were set',
    timersFired: 'durable timers that fired',
    timersCancelled: 'durable timers whose cancellation was confirmed',
    booksVerified: 'books that were read in the end and had everything that was answered',
  },
};
