import type { ActorContext } from '../actor/actor-context.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import type { LocalActor } from '../actor/local-actor.ts';
import { receive, setup } from '../actor/behaviour.ts';
import { forward } from '../cell/forward.ts';
import { LocalRef } from '../cell/local-ref.ts';
import type { RestartType } from '../actor/supervision-options.ts';
import type { MailboxOptions } from '../actor/mailbox-options.ts';
import type { Props } from '../actor/actor-context.ts';
import { props } from '../cell/create-props.ts';
import { InvalidArgumentError } from '../errors.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';
import type { SupervisionOptions } from '../actor/supervision-options.ts';
import { roundRobin, type RoutingStrategy } from './strategy.ts';

/** How many workers a pool has, how it shares work out among them, and how it supervises them. */
export interface PoolOptions<M> {
  /** Workers, 1 to 10,000; `resizePool` changes it. */
  readonly size: number;
  /** Creates the routing strategy for each incarnation of the pool. @default `roundRobin` */
  readonly strategy?: (() => RoutingStrategy<M>) | undefined;
  /** Supervision of the workers. @default one-for-one: a worker that fails too often is parked, the others continue */
  readonly supervision?: SupervisionOptions | undefined;
  /** Mailbox of the pool itself, which only forwards. @default 1000 messages, then `reject` */
  readonly mailbox?: MailboxOptions | undefined;
  /** Restart type of the pool. @default 'transient' */
  readonly restart?: RestartType | undefined;
}

const poolOptions = optionNames<PoolOptions<never>>({
  size: true,
  strategy: true,
  supervision: true,
  mailbox: true,
  restart: true,
});

/** Asks a pool for another number of workers; made by `resizePool`. Only within the node of the pool. */
export class PoolResize {
  readonly size: number;

  /** @throws InvalidArgumentError */
  constructor(size: number) {
    this.size = requireSize(size);
  }
}

const maxSize = 10_000;
/** Interval of checks on a surplus worker, which is stopped once it is idle. */
const idleCheckMs = 20;
const idleCheck: unique symbol = Symbol('idle-check');

/**
 * Sets the number of workers of a pool. Surplus workers get no new messages, finish the ones they have, and stop.
 *
 * @throws InvalidArgumentError unless it is a whole number from 1 to 10,000
 */
export function resizePool(size: number): PoolResize {
  return new PoolResize(size);
}

/**
 * Props of an actor that starts workers of one kind, supervises them, and distributes its messages among them. A
 * message costs one hop more than with `createRouter`, which routes to existing actors. A question keeps its deadline,
 * and the asker gets an error at once when no worker accepts it. A worker that ends is started again, unless its own
 * props exclude that. Other nodes reach the pool by the protocol of its workers.
 *
 * @throws InvalidArgumentError naming the option that is invalid
 */
export function pool<M>(worker: Props<M>, options: PoolOptions<M>): Props<M | PoolResize> {
  requireKnownOptions('options', options, poolOptions);
  const { size, strategy = roundRobin<M>, supervision = { dynamic: true }, mailbox, restart } = options;
  requireSize(size);
  const recipe: Props<M> = { ...worker, restart: worker.restart ?? 'permanent' };
  const create = () =>
    setup<M | PoolResize>((context) => {
      const workers = new Workers<M>(context as ActorContext<unknown> as ActorContext<M>, recipe, strategy());
      workers.resize(size);
      return receive((message) => {
        if (message instanceof PoolResize) workers.resize(message.size);
        else if ((message as unknown) === idleCheck) workers.stopIdle();
        else workers.route(message);
      });
    });
  const protocol = worker.protocol as Props<M | PoolResize>['protocol'];
  return props<M | PoolResize>(create, { protocol, supervision, mailbox, restart });
}

/** The workers of one incarnation of a pool. */
class Workers<M> {
  readonly #context: ActorContext<M>;
  readonly #recipe: Props<M>;
  readonly #strategy: RoutingStrategy<M>;
  #active: ActorRef<M>[] = [];
  /** Surplus workers that finish the messages they have. */
  #leaving: ActorRef<M>[] = [];

  constructor(context: ActorContext<M>, recipe: Props<M>, strategy: RoutingStrategy<M>) {
    this.#context = context;
    this.#recipe = recipe;
    this.#strategy = strategy;
  }

  route(message: M): void {
    const able = this.#active.filter((worker) => actorOf(worker)?.alive === true);
    let isSent = false;
    for (const index of able.length === 0 ? [] : this.#strategy(message, able)) {
      const worker = able[index];
      if (worker === undefined) continue;
      forward(this.#context, worker, message);
      isSent = true;
    }
    if (!isSent) this.#refuse(message);
  }

  resize(size: number): void {
    // Replaces workers that ended for good because of their restart setting.
    this.#active = this.#active.filter((worker) => actorOf(worker)?.ended !== true);
    while (this.#active.length < size) this.#active.push(this.#context.spawn(this.#recipe));
    this.#leaving.push(...this.#active.splice(size));
    this.stopIdle();
  }

  stopIdle(): void {
    this.#leaving = this.#leaving.filter((worker) => {
      const actor = actorOf(worker);
      const isIdle = actor === undefined || actor.mailbox.depth === 0;
      // A handler that awaits finishes before its actor stops.
      if (isIdle) this.#context.stop(worker);
      return !isIdle;
    });
    if (this.#leaving.length > 0)
      this.#context.setTimer('$idle-check', idleCheckMs, idleCheck as unknown as M);
  }

  #refuse(message: M): void {
    const self = actorOf(this.#context.self);
    if (self === undefined) return;
    const { currentEnvelope } = self;
    self.drop(currentEnvelope?.message === message ? currentEnvelope : message, 'no-targets');
  }
}

function actorOf(ref: ActorRef<never>): LocalActor | undefined {
  return ref instanceof LocalRef ? ref.actor : undefined;
}

function requireSize(size: number): number {
  if (!(Number.isSafeInteger(size) && size >= 1 && size <= maxSize))
    throw new InvalidArgumentError('size', `must be a whole number from 1 to ${maxSize}`);
  return size;
}
