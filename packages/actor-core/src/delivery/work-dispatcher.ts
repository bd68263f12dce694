import { z } from 'zod';
import type { ActorContext } from '../actor/actor-context.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive, setup } from '../actor/behaviour.ts';
import type { Props } from '../actor/actor-context.ts';
import { props } from '../cell/create-props.ts';
import type { LocalRef } from '../cell/local-ref.ts';
import type { TerminationReason } from '../actor/signal.ts';
import { refKey } from '../actor/ref-key.ts';
import { actorRefSchema } from '../remoting/actor-ref-schema.ts';
import { growing } from '../remoting/growing-tuple.ts';
import { type DeliveryFrame, type DemandWord, demandSchema } from './delivery-frame.ts';
import { type ProducerOptions, requireCount, resolveProducerOptions } from './delivery-options.ts';
import { type ProducerEffect, ProducerWindow } from './producer-window.ts';
import { lookTimer, type Send, send } from './reliable-producer.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const dispatcherOptions = optionNames<WorkDispatcherOptions<never>>({
  maxAttempts: true,
  onParked: true,
  bufferLimit: true,
  resendMs: true,
  resendMaxMs: true,
});

/** A worker offers itself; said again and again, so that losing one word of it loses nothing. */
export type WorkerOffer<M> = readonly [kind: 'offer', worker: ActorRef<DeliveryFrame<M>>];

/** What a dispatcher understands; from other nodes only offers and a consumer's words. */
export type DispatcherMessage<M> = Send<M> | WorkerOffer<M> | DemandWord | readonly [kind: 'look'];

const dispatcherSchema = z.union([
  demandSchema,
  growing(z.literal('offer'), actorRefSchema<DeliveryFrame<never>>()),
]);

/** Each registration of a worker gets a number of its own, larger than those of earlier lives of the dispatcher. */
const registrationsPerLife = 2 ** 32;

/** Workers that may end with one message in hand before it is given to nobody any more. */
const defaultMaxAttempts = 5;

export interface WorkDispatcherOptions<M> extends ProducerOptions {
  /**
   * How many workers, or lives of one, may end with a message in hand: failed, killed, or lost with their node; not
   * stopped. In hand is the first that they were given and had not confirmed; nobody knows whether one that is lost with
   * its node had begun with it. Then it is parked: a `dead-letter` event, `{ type: 'parked' }` to whoever sent it, and `onParked`.
   *
   * @default 5
   */
  readonly maxAttempts?: number;
  /** Told of each message that is parked: the last chance to keep it. Must not throw. */
  readonly onParked?: (message: M, attempts: number) => void;
}

interface Parking<M> {
  readonly maxAttempts: number;
  readonly onParked: WorkDispatcherOptions<M>['onParked'] | undefined;
}

/** One message to be worked on. */
interface Work<M> {
  readonly command: Send<M>;
  /** Workers that ended with it in hand. */
  failures: number;
}

interface Worker<M> {
  readonly ref: ActorRef<DeliveryFrame<M>>;
  /** Of this registration: what an earlier one of the same worker says is ignored. */
  readonly life: number;
  readonly window: ProducerWindow<Work<M>>;
  /** Newest incarnation of it heard of; 0 = none. */
  incarnation: number;
}

/**
 * Shares work out among the workers that offer themselves (`workPuller`): each gets as much as it has room for, the
 * one with most room first. What a worker has not confirmed when it ends, or when its node is down, goes to others,
 * before all newer work: a message is handled at least once, and twice only where a worker was lost after handling it.
 * There is no order between workers. Up to `bufferLimit` messages wait while all are busy, and are lost with the
 * dispatcher: whoever must know waits for `confirmed`. A message that ends its worker again and again is parked after
 * `maxAttempts`.
 *
 * @throws InvalidArgumentError naming the option that cannot be
 */
export function workDispatcher<M>(options: WorkDispatcherOptions<M> = {}): Props<DispatcherMessage<M>> {
  requireKnownOptions('options', options, dispatcherOptions);
  const windowOptions = resolveProducerOptions(options);
  const parking = {
    maxAttempts: requireCount('maxAttempts', options.maxAttempts ?? defaultMaxAttempts),
    onParked: options.onParked,
  };
  const create = () =>
    setup<DispatcherMessage<M>>((context) => {
      const dispatcher = new Dispatcher<M>(context, windowOptions, parking);
      return receive(
        (message) => dispatcher.take(message),
        (signal) => {
          if (signal.type === 'terminated') dispatcher.lose(signal.ref, signal.reason);
        },
      );
    });
  return props<DispatcherMessage<M>>(create, {
    protocol: dispatcherSchema as unknown as z.ZodType<DispatcherMessage<M>>,
  });
}

class Dispatcher<M> {
  readonly #context: ActorContext<DispatcherMessage<M>>;
  readonly #options: ReturnType<typeof resolveProducerOptions>;
  readonly #look: ReturnType<typeof lookTimer<DispatcherMessage<M>>>;
  readonly #workers = new Map<string, Worker<M>>();
  readonly #parking: Parking<M>;
  #waiting: Work<M>[] = [];
  #registrations = 0;

  constructor(
    context: ActorContext<DispatcherMessage<M>>,
    options: ReturnType<typeof resolveProducerOptions>,
    parking: Parking<M>,
  ) {
    this.#context = context;
    this.#options = options;
    this.#parking = parking;
    this.#look = lookTimer<DispatcherMessage<M>>(context);
  }

  take(message: DispatcherMessage<M>): void {
    if (!isWord(message)) this.#send(message);
    else if (message[0] === 'look') this.#tick();
    else if (message[0] === 'offer') this.#register(message[1]);
    else this.#hear(message);
    this.#shareOut();
    for (const { window } of this.#workers.values()) this.#look(window.dueMs);
  }

  /** That worker is gone: others get what it had. */
  lose(ref: ActorRef<never>, reason: TerminationReason): void {
    const worker = this.#workers.get(refKey(ref));
    if (worker === undefined) return;
    this.#workers.delete(refKey(ref));
    // One that stopped in order has not failed at what it left.
    if (reason !== 'stopped') this.#countFailure(worker);
    this.#waiting = [...worker.window.unconfirmed, ...this.#waiting];
    this.#shareOut();
  }

  #send(command: Send<M>): void {
    if (this.#waiting.length >= this.#options.capacity)
      command.replyTo?.tell({ type: 'refused', reason: 'buffer-full' });
    else this.#waiting.push({ command, failures: 0 });
  }

  #register(ref: ActorRef<DeliveryFrame<M>>): void {
    const key = refKey(ref);
    const known = this.#workers.get(key);
    // It has nothing and no room is known: the greeting was lost, and no resending heals that.
    if (known?.window.free === 0 && known.window.unconfirmed.length === 0)
      this.#perform(known, known.window.greet());
    if (known !== undefined) return;
    const life = this.#context.incarnation * registrationsPerLife + ++this.#registrations;
    const worker = { ref, life, window: new ProducerWindow<Work<M>>(this.#options), incarnation: 0 };
    this.#workers.set(key, worker);
    // The one before, if any, has ended: its notice was read.
    this.#context.watch(ref);
    this.#perform(worker, worker.window.greet());
  }

  #hear(word: DemandWord): void {
    const worker = this.#workers.get(refKey(word[1]));
    if (worker === undefined || worker.life !== word[2]) return;
    const { window } = worker;
    const incarnation = (word[0] === 'unknown' ? word[3] : word[6]) ?? 0;
    if (incarnation > worker.incarnation) {
      // The life before has ended in the middle of something.
      if (worker.incarnation > 0) this.#perform(worker, this.#countFailure(worker));
      worker.incarnation = incarnation;
    }
    this.#perform(
      worker,
      word[0] === 'unknown'
        ? window.unknown()
        : window.demand(word[3], word[4], word[5], this.#context.clock.now()),
    );
  }

  /** A worker, or one life of it, ended with something in hand: that is given to others, but not for ever. */
  #countFailure({ ref, window }: Worker<M>): ProducerEffect<Work<M>>[] {
    const work = window.inHand;
    if (work === undefined || ++work.failures < this.#parking.maxAttempts) return [];
    const { command, failures } = work;
    const effects = window.skip();
    const { events } = (this.#context.self as LocalRef<never>).actor.node;
    events.deadLetter(ref.address, 'attempts-exhausted', undefined, undefined, command.message);
    command.replyTo?.tell({ type: 'parked', attempts: failures });
    this.#parking.onParked?.(command.message, failures);
    return effects;
  }

  #tick(): void {
    this.#look.fired();
    for (const worker of this.#workers.values())
      this.#perform(worker, worker.window.tick(this.#context.clock.now()));
  }

  #shareOut(): void {
    while (this.#waiting.length > 0) {
      const worker = this.#mostFree();
      if (worker === undefined) return;
      const [entry] = this.#waiting.splice(0, 1);
      if (entry !== undefined) this.#perform(worker, worker.window.offer(entry, this.#context.clock.now()));
    }
  }

  #mostFree(): Worker<M> | undefined {
    let best: Worker<M> | undefined;
    for (const worker of this.#workers.values()) {
      if (worker.window.isFull || worker.window.free === 0) continue;
      if (best === undefined || worker.window.free > best.window.free) best = worker;
    }
    return best;
  }

  #perform({ ref, life }: Worker<M>, effects: readonly ProducerEffect<Work<M>>[]): void {
    const self = this.#context.self as ActorRef<DemandWord>;
    for (const effect of effects)
      if (effect.type === 'hello') send(effect, self, ref, life);
      else send({ ...effect, entry: effect.entry.command }, self, ref, life, effect.entry.failures);
  }
}

function isWord<M>(message: DispatcherMessage<M>): message is Exclude<DispatcherMessage<M>, Send<M>> {
  return Array.isArray(message);
}
