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
import { type DeliveryFrame, type DemandMessage, demandSchema } from './delivery-frame.ts';
import { type ProducerOptions, requireCount, resolveProducerOptions } from './delivery-options.ts';
import { type ProducerEffect, ProducerWindow } from './producer-window.ts';
import { resendTimer, type Send, send } from './reliable-producer.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const dispatcherOptions = optionNames<WorkDispatcherOptions<never>>({
  maxAttempts: true,
  onParked: true,
  bufferLimit: true,
  resendMs: true,
  resendMaxMs: true,
});

/** Offer of a worker. It is repeated, so that the loss of one offer does no harm. */
export type WorkerOffer<M> = readonly [kind: 'offer', worker: ActorRef<DeliveryFrame<M>>];

/** Messages of a dispatcher. Other nodes may send only offers and the messages of a consumer. */
export type DispatcherMessage<M> = Send<M> | WorkerOffer<M> | DemandMessage | readonly [kind: 'resend'];

const dispatcherSchema = z.union([
  demandSchema,
  growing(z.literal('offer'), actorRefSchema<DeliveryFrame<never>>()),
]);

/** Each registration of a worker gets its own number, larger than those of earlier incarnations of the dispatcher. */
const registrationsPerIncarnation = 2 ** 32;

/** Default of `maxAttempts`. */
const defaultMaxAttempts = 5;

export interface WorkDispatcherOptions<M> extends ProducerOptions {
  /**
   * Number of workers, or incarnations of one, that may end (failed, killed, or lost with their node; not stopped)
   * while the message was their current one. The current message is the first that a worker was given and has not
   * confirmed; a worker that was lost with its node may not have begun with it. After that the message is parked: a
   * `dead-letter` event, `{ type: 'parked' }` to its sender, and a call of `onParked`.
   *
   * @default 5
   */
  readonly maxAttempts?: number;
  /** Called with each parked message: the last chance to keep it. Must not throw. */
  readonly onParked?: (message: M, attempts: number) => void;
}

interface Parking<M> {
  readonly maxAttempts: number;
  readonly onParked: WorkDispatcherOptions<M>['onParked'] | undefined;
}

/** One message of work. */
interface Work<M> {
  readonly command: Send<M>;
  /** Number of workers that ended while this was their current message. */
  failures: number;
}

interface Worker<M> {
  readonly ref: ActorRef<DeliveryFrame<M>>;
  /** Number of this registration: messages for an earlier one of the same worker are ignored. */
  readonly channel: number;
  readonly window: ProducerWindow<Work<M>>;
  /** Newest known incarnation of the worker; 0 = none. */
  incarnation: number;
}

/**
 * Distributes work among the workers that offer themselves (`workPuller`). Each worker gets as much as it has room for,
 * the one with most room first. When a worker ends or its node is down, its unconfirmed work goes to others, before all
 * newer work: a message is handled at least once, and twice only when a worker was lost after handling it. There is no
 * order between workers. Up to `bufferLimit` messages wait while all workers are busy; they are lost with the
 * dispatcher, so a sender that must know waits for `confirmed`. A message that repeatedly ends its worker is parked
 * after `maxAttempts`.
 *
 * @throws InvalidArgumentError naming the option that is invalid
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
  readonly #resendTimer: ReturnType<typeof resendTimer<DispatcherMessage<M>>>;
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
    this.#resendTimer = resendTimer<DispatcherMessage<M>>(context);
  }

  take(message: DispatcherMessage<M>): void {
    if (!isProtocolMessage(message)) this.#send(message);
    else if (message[0] === 'resend') this.#tick();
    else if (message[0] === 'offer') this.#register(message[1]);
    else this.#receive(message);
    this.#distribute();
    for (const { window } of this.#workers.values()) this.#resendTimer(window.dueMs);
  }

  /** A worker is gone: others get its work. */
  lose(ref: ActorRef<never>, reason: TerminationReason): void {
    const worker = this.#workers.get(refKey(ref));
    if (worker === undefined) return;
    this.#workers.delete(refKey(ref));
    // A worker that stopped in order has not failed at its current message.
    if (reason !== 'stopped') this.#countFailure(worker);
    this.#waiting = [...worker.window.unconfirmed, ...this.#waiting];
    this.#distribute();
  }

  #send(command: Send<M>): void {
    if (this.#waiting.length >= this.#options.capacity)
      command.replyTo?.tell({ type: 'refused', reason: 'buffer-full' });
    else this.#waiting.push({ command, failures: 0 });
  }

  #register(ref: ActorRef<DeliveryFrame<M>>): void {
    const key = refKey(ref);
    const known = this.#workers.get(key);
    // The worker has no work and its room is unknown: the handshake was lost, and no resend makes up for that.
    if (known?.window.free === 0 && known.window.unconfirmed.length === 0)
      this.#perform(known, known.window.startHandshake());
    if (known !== undefined) return;
    const channel = this.#context.incarnation * registrationsPerIncarnation + ++this.#registrations;
    const worker = { ref, channel, window: new ProducerWindow<Work<M>>(this.#options), incarnation: 0 };
    this.#workers.set(key, worker);
    // An earlier registration has ended: its termination was handled before.
    this.#context.watch(ref);
    this.#perform(worker, worker.window.startHandshake());
  }

  #receive(message: DemandMessage): void {
    const worker = this.#workers.get(refKey(message[1]));
    if (worker === undefined || worker.channel !== message[2]) return;
    const { window } = worker;
    const incarnation = (message[0] === 'unknown' ? message[3] : message[6]) ?? 0;
    if (incarnation > worker.incarnation) {
      // The earlier incarnation ended in the middle of a message.
      if (worker.incarnation > 0) this.#perform(worker, this.#countFailure(worker));
      worker.incarnation = incarnation;
    }
    this.#perform(
      worker,
      message[0] === 'unknown'
        ? window.unknown()
        : window.demand(message[3], message[4], message[5], this.#context.clock.now()),
    );
  }

  /** A worker, or one incarnation of it, ended with a current message: others get that message, up to `maxAttempts`. */
  #countFailure({ ref, window }: Worker<M>): ProducerEffect<Work<M>>[] {
    const work = window.current;
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
    this.#resendTimer.fired();
    for (const worker of this.#workers.values())
      this.#perform(worker, worker.window.tick(this.#context.clock.now()));
  }

  #distribute(): void {
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

  #perform({ ref, channel }: Worker<M>, effects: readonly ProducerEffect<Work<M>>[]): void {
    const self = this.#context.self as ActorRef<DemandMessage>;
    for (const effect of effects)
      if (effect.type === 'hello') send(effect, self, ref, channel);
      else send({ ...effect, entry: effect.entry.command }, self, ref, channel, effect.entry.failures);
  }
}

function isProtocolMessage<M>(
  message: DispatcherMessage<M>,
): message is Exclude<DispatcherMessage<M>, Send<M>> {
  return Array.isArray(message);
}
