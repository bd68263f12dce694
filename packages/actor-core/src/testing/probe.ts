import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { ActorRef } from '../actor/actor-ref.ts';
import type { ActorSystem } from '../actor/actor-system.ts';
import { receive, setup } from '../actor/behaviour.ts';
import { props } from '../cell/create-props.ts';
import type { TerminationReason } from '../actor/signal.ts';
import { refKey } from '../actor/ref-key.ts';
import { InvalidArgumentError } from '../errors.ts';
import { describe, ExpectationFailedError, listSeen, type Match, matches, show } from './expectation.ts';
import { nowOf, passUntil, type TestTime, type Within } from './test-time.ts';

/**
 * What `fishForMessage` does with one message. `complete`: this is the last one · `ignore`: skip it · `continue`: keep
 * it and go on · `fail`: end with an error.
 */
export type FishingOutcome = 'complete' | 'continue' | 'ignore' | 'fail';

/** Members of a message union that have this `type`. */
type OfType<M, K> = M extends { readonly type: K } ? M : never;

/**
 * An actor whose messages a test takes one by one. It can be sent any message, also from other nodes, serve as the
 * `replyTo` of a question, and watch actors. Every expectation has a deadline in the test's time. A `ManualClock` or a
 * `Simulation` is advanced by the expectation, no further than the message needs. An expectation consumes the message
 * that it looked at, also when it fails.
 */
export interface Probe<M> {
  /** The ref of the probe. */
  readonly ref: ActorRef<M>;
  /** Messages that arrived and were not taken, oldest first. */
  readonly waiting: readonly M[];
  /**
   * Takes the next message, which must equal `expected` deeply.
   *
   * @throws ExpectationFailedError for another message, or for none within the time
   */
  expectMessage(expected: M, within: Within): Promise<M>;
  /**
   * Takes the next message, whose `type` must be this one.
   *
   * @throws ExpectationFailedError for another message, or for none within the time
   */
  expectMessageOfType<K extends string>(type: K, within: Within): Promise<OfType<M, K>>;
  /**
   * Takes the next message, which must match.
   *
   * @throws ExpectationFailedError for another message, or for none within the time
   */
  expectMessageMatching(match: Match<M>, within: Within): Promise<M>;
  /**
   * Lets `forMs` of the test's time pass without a message; none may be waiting either.
   *
   * @throws ExpectationFailedError
   */
  expectNoMessage(options: { readonly forMs: number }): Promise<void>;
  /**
   * Takes the next `count` messages, all within the time.
   *
   * @throws ExpectationFailedError when fewer arrive; `actual` holds those that did
   */
  receiveMessages(count: number, within: Within): Promise<M[]>;
  /**
   * Takes messages until `decide` returns `complete`. Returns the messages for which it did not return `ignore`.
   *
   * @throws ExpectationFailedError when `decide` returns `fail`, or never `complete` within the time
   */
  fishForMessage(decide: (message: M) => FishingOutcome, within: Within): Promise<M[]>;
  /** Watches an actor for `expectTerminated`. */
  watch(target: ActorRef<never>): void;
  /**
   * Waits for the end of an actor, and watches it if it is not watched yet. With `reason` the actor must end for that
   * reason.
   *
   * @throws ExpectationFailedError
   */
  expectTerminated(
    target: ActorRef<never>,
    options: Within & { readonly reason?: TerminationReason },
  ): Promise<TerminationReason>;
  /** Stops the probe; later messages to it become dead letters. */
  stop(): Promise<void>;
}

/** Limit of messages that wait in a probe; further ones become dead letters. */
const probeCapacity = 10_000;

interface Seen<M> {
  readonly atMs: number;
  readonly message: M;
}

interface Watching {
  readonly watch: ActorRef<never>;
}

/**
 * Starts a probe in a system. `time` is the clock of that system, or its simulation.
 *
 * @throws NameTakenError when a live actor has that name
 */
export function createProbe<M>(system: ActorSystem, time: TestTime, name?: string): Probe<M> {
  return new ActorProbe<M>(system, time, name);
}

class ActorProbe<M> implements Probe<M> {
  readonly ref: ActorRef<M>;
  readonly #system: ActorSystem;
  readonly #time: TestTime;
  readonly #queue: Seen<M>[] = [];
  readonly #seen: Seen<M>[] = [];
  readonly #ends = new Map<string, TerminationReason>();
  readonly #watched = new Set<string>();
  readonly #listeners = new Set<() => void>();
  readonly #orders = new WeakSet<object>();

  constructor(system: ActorSystem, time: TestTime, name: string | undefined) {
    this.#system = system;
    this.#time = time;
    const create = () =>
      setup<M>(() =>
        receive<M>(
          (message, context) => {
            if (typeof message === 'object' && message !== null && this.#orders.has(message))
              return context.watch((message as unknown as Watching).watch);
            this.#take(message);
            return undefined;
          },
          (signal) => {
            if (signal.type !== 'terminated') return;
            this.#ends.set(refKey(signal.ref), signal.reason);
            this.#changed();
          },
        ),
      );
    this.ref = system.spawn(
      props<M>(create, {
        restart: 'temporary',
        mailbox: { capacity: probeCapacity },
        protocol: z.custom<M>(),
      }),
      name,
    );
  }

  get waiting(): readonly M[] {
    return this.#queue.map(({ message }) => message);
  }

  async expectMessage(expected: M, within: Within): Promise<M> {
    const message = await this.#next(show(expected), expected, within);
    if (isDeepStrictEqual(message, expected)) return message;
    throw this.#failure(`expected ${show(expected)}, got ${show(message)}`, expected, message);
  }

  async expectMessageOfType<K extends string>(type: K, within: Within): Promise<OfType<M, K>> {
    const wanted = `a message of type '${type}'`;
    const message = await this.#next(wanted, type, within);
    const got: unknown = (message as { type?: unknown } | null | undefined)?.type;
    if (got === type) return message as OfType<M, K>;
    throw this.#failure(`expected ${wanted}, got ${show(message)}`, type, got);
  }

  async expectMessageMatching(match: Match<M>, within: Within): Promise<M> {
    const wanted = describe(match);
    const message = await this.#next(wanted, match, within);
    if (matches(match, message)) return message;
    throw this.#failure(`expected ${wanted}, got ${show(message)}`, match, message);
  }

  async expectNoMessage({ forMs }: { readonly forMs: number }): Promise<void> {
    if (!(await this.#until(forMs, () => this.#queue.length > 0))) return;
    const { message } = this.#queue.shift() as Seen<M>;
    throw this.#failure(`expected no message for ${forMs} ms, got ${show(message)}`, undefined, message);
  }

  async receiveMessages(count: number, within: Within): Promise<M[]> {
    if (!(Number.isInteger(count) && count >= 0))
      throw new InvalidArgumentError('count', 'must be a whole number of at least 0');
    await this.#until(within.withinMs, () => this.#queue.length >= count);
    const got = this.#queue.splice(0, count).map(({ message }) => message);
    if (got.length === count) return got;
    throw this.#failure(
      `expected ${count} messages within ${within.withinMs} ms, got ${got.length}`,
      count,
      got,
    );
  }

  async fishForMessage(decide: (message: M) => FishingOutcome, within: Within): Promise<M[]> {
    const untilMs = nowOf(this.#time) + within.withinMs;
    const caught: M[] = [];
    for (;;) {
      const leftMs = Math.max(0, untilMs - nowOf(this.#time));
      if (!(await this.#until(leftMs, () => this.#queue.length > 0)))
        throw this.#failure(
          `fishForMessage did not complete within ${within.withinMs} ms`,
          'complete',
          caught,
        );
      const { message } = this.#queue.shift() as Seen<M>;
      const outcome = decide(message);
      if (outcome === 'fail')
        throw this.#failure(`fishForMessage failed at ${show(message)}`, undefined, message);
      if (outcome !== 'ignore') caught.push(message);
      if (outcome === 'complete') return caught;
    }
  }

  watch(target: ActorRef<never>): void {
    this.#watched.add(refKey(target));
    const order: Watching = { watch: target };
    this.#orders.add(order);
    this.ref.tell(order as unknown as M, { lane: 'control' });
  }

  async expectTerminated(
    target: ActorRef<never>,
    { withinMs, reason }: Within & { readonly reason?: TerminationReason },
  ): Promise<TerminationReason> {
    const key = refKey(target);
    if (!this.#watched.has(key)) this.watch(target);
    const { path } = target.address;
    if (!(await this.#until(withinMs, () => this.#ends.has(key))))
      throw this.#failure(
        `expected the end of ${path} within ${withinMs} ms, but it is still alive`,
        reason,
        undefined,
      );
    const actual = this.#ends.get(key) as TerminationReason;
    if (reason === undefined || actual === reason) return actual;
    throw this.#failure(`expected ${path} to end as '${reason}', it ended as '${actual}'`, reason, actual);
  }

  async stop(): Promise<void> {
    const ended = this.#system.stop(this.ref);
    await this.#until(0, () => false);
    await ended;
  }

  #take(message: M): void {
    const seen = { atMs: nowOf(this.#time), message };
    this.#queue.push(seen);
    this.#seen.push(seen);
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  async #next(wanted: string, expected: unknown, { withinMs }: Within): Promise<M> {
    if (await this.#until(withinMs, () => this.#queue.length > 0))
      return (this.#queue.shift() as Seen<M>).message;
    throw this.#failure(`expected ${wanted} within ${withinMs} ms, got no message`, expected, undefined);
  }

  #until(withinMs: number, isMet: () => boolean): Promise<boolean> {
    return passUntil(this.#time, withinMs, isMet, (listener) => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    });
  }

  #failure(what: string, expected: unknown, actual: unknown): ExpectationFailedError {
    const seen = this.#seen.map(({ atMs, message }) => ({ atMs, text: show(message) }));
    return new ExpectationFailedError(
      `${this.ref.address.path}: ${what}\n${listSeen('messages it was sent', seen)}`,
      expected,
      actual,
    );
  }
}
