import type { AskOptions, WaitOptions } from '../actor/ask-options.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import type { ActorSnapshot, ActorSystem, RuntimeCounters } from '../actor/actor-system.ts';
import { receive } from '../actor/behaviour.ts';
import type { Behaviour } from '../actor/actor-context.ts';
import type { Props } from '../actor/actor-context.ts';
import type { RemoteNodes } from '../actor/remote-nodes.ts';
import type { Remedy, RuntimeEvent } from '../actor/runtime-event.ts';
import type { StreamFrame, StreamOptions } from '../actor/stream.ts';
import type { TableSizes } from '../actor/table-sizes.ts';
import { currentTrace } from '../actor/trace-context.ts';
import { askFor } from '../cell/ask.ts';
import { ActorCell } from '../cell/cell.ts';
import { InvalidArgumentError, SystemStoppedError } from '../errors.ts';
import { snapshotsBelow } from './actor-snapshots.ts';
import { countTables } from './count-tables.ts';
import { HandlingRates } from './handling-rates.ts';
import { LocalNode, type LocalNodeOptions } from './local-node.ts';

/** The actor system of one process. */
export class LocalSystem implements ActorSystem {
  readonly node: LocalNode;
  readonly terminated: Promise<unknown>;
  /** The actor above all top-level actors. */
  readonly root: ActorCell;
  readonly #rates = new HandlingRates();
  readonly #resolveTerminated: (cause: unknown) => void;
  #rootCause: unknown = undefined;
  #isStopping = false;

  constructor(options: LocalNodeOptions) {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.terminated = promise;
    this.#resolveTerminated = resolve;
    this.node = new LocalNode(options, {
      rootFailed: (cause) => this.#rootFailed(cause),
      rootEnded: () => this.#finish(),
    });
    this.root = new ActorCell<never>(this.node, undefined, '', { create: ignoreMessages });
    this.root.state = 'running';
    this.node.actors.root = this.root;
  }

  get nodeId(): string {
    return this.node.nodeId;
  }

  get incarnation(): number {
    return this.node.incarnation;
  }

  /** Connects the system to the other nodes; at most once, before the first message to another node. */
  connect(remote: RemoteNodes): void {
    this.node.remote = remote;
  }

  spawn<M>(props: Props<M>, name?: string): ActorRef<M> {
    if (this.#isStopping) throw new SystemStoppedError(this.nodeId);
    return this.root.spawn(props, name);
  }

  stop(ref: ActorRef<never>): Promise<void> {
    const actor = this.node.actors.find(ref);
    const parent = actor?.parent;
    if (actor === undefined || actor.ended || parent === undefined) return Promise.resolve();
    return new Promise((resolve) => parent.stopChild(actor, resolve));
  }

  kill(ref: ActorRef<never>): void {
    this.node.actors.find(ref)?.kill();
  }

  unpark<M>(ref: ActorRef<M>): ActorRef<M> {
    const { address } = ref;
    const actor = this.node.actors.findWithParked(ref);
    if (actor?.parent === undefined)
      throw new InvalidArgumentError('ref', `${address.path} is not parked on ${this.nodeId}`);
    return actor.parent.unparkChild(actor) as ActorRef<M>;
  }

  ask<T, R>(target: ActorRef<T>, make: (replyTo: ActorRef<R>) => T, options: AskOptions<R>): Promise<R> {
    return askFor(this.node, undefined, target, make, options);
  }

  tellOrWait<T>(target: ActorRef<T>, message: T, options: WaitOptions): Promise<void> {
    return this.node.delivery.tellOrWait(target, message, options);
  }

  askStream<T, R>(
    target: ActorRef<T>,
    make: (replyTo: ActorRef<StreamFrame<R>>) => T,
    options: StreamOptions,
  ): AsyncIterableIterator<R, undefined> {
    const { streams, delivery } = this.node;
    const reader = streams.read<R>(target, undefined, options);
    delivery.sendQuestion(target, make(reader), options.lane, reader, currentTrace());
    return reader;
  }

  refFor<M>(node: string, path: string): ActorRef<M> {
    return this.node.refs.refFor(node, path);
  }

  onEvent(listener: (event: RuntimeEvent) => void): () => void {
    return this.node.events.on(listener);
  }

  /** @see EventHub.onMending */
  onMending(listener: (event: RuntimeEvent) => void): () => void {
    return this.node.events.onMending(listener);
  }

  reportRemedy(remedy: Remedy): void {
    this.node.events.emit({ ...remedy, type: 'remedy' });
  }

  counters(): RuntimeCounters {
    return this.node.events.counters();
  }

  inspect(): readonly ActorSnapshot[] {
    return snapshotsBelow(this.root, this.#rates, this.node.clock.now());
  }

  tableSizes(): TableSizes {
    const sizes = countTables(this.root.children);
    sizes.endpoints = this.node.endpoints.size;
    sizes.deadlines = this.node.deadlines.size;
    this.root.addSizes(sizes);
    this.node.remote?.addSizes(sizes);
    return sizes;
  }

  async shutdown(): Promise<void> {
    this.#beginShutdown();
    await this.terminated;
  }

  /** Stops all actors for that cause, which `terminated` reports. */
  endFor(cause: unknown): void {
    this.#rootCause ??= cause;
    this.#beginShutdown();
  }

  #rootFailed(cause: unknown): void {
    this.node.log.error({ err: cause }, 'a failure escalated to the root: the actor system stops');
    this.endFor(cause);
  }

  #beginShutdown(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.root.stop();
  }

  #finish(): void {
    this.node.deadlines.expireAll();
    this.node.remote?.close();
    this.#resolveTerminated(this.#rootCause);
  }
}

function ignoreMessages(): Behaviour<never> {
  return receive(() => undefined);
}

/** @throws TypeError for a system that this package did not make */
export function tableSizes(system: ActorSystem): Readonly<TableSizes> {
  return localSystemOf(system).tableSizes();
}

/** The parts of a system that only this package uses. @throws TypeError for a system that this package did not make */
export function localSystemOf(system: ActorSystem): LocalSystem {
  if (!('tableSizes' in system)) throw new TypeError('not an actor system of this package');
  return system as LocalSystem;
}
