import type { Clock } from '../clock.ts';
import { type DroverError, InvalidArgumentError, SystemStoppedError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Random } from '../random.ts';
import type { Remoting } from '../remoting/remoting.ts';
import { RemoteRef } from './remote-ref.ts';
import { isControl } from '../remoting/message-lanes.ts';
import type { Scheduler } from '../scheduler.ts';
import type { StreamFrame, StreamOptions } from '../streaming/stream-frame.ts';
import { StreamReader } from '../streaming/stream-reader.ts';
import { ActorCell } from '../cell/cell.ts';
import { callChain } from '../cell/handling.ts';
import { askFor } from '../cell/ask.ts';
import type { AskOptions, WaitOptions } from '../actor/actor-context.ts';
import type { ActorAddress, ActorRef, MessageLane } from '../actor/actor-ref.ts';
import type { ActorSnapshot, ActorSystem, RuntimeCounters } from '../actor/actor-system.ts';
import { type Behaviour, receive } from '../actor/behaviour.ts';
import { Deadlines } from '../clock/deadlines.ts';
import { kill, stop } from '../cell/lifecycle.ts';
import { Adapter, adapterPath } from '../cell/adapter.ts';
import { type Endpoint, endpointPath } from '../actor/endpoint.ts';
import type { Question, Refusable } from '../actor/envelope.ts';
import { EventHub } from './event-hub.ts';
import { HandlingRates } from './handling-rates.ts';
import { joinLocal, type Link } from '../cell/link.ts';
import { LocalRef, PathRef } from './local-ref.ts';
import { PathNames } from './path-names.ts';
import type { Props } from '../actor/props.ts';
import { RecentEnds } from './recent-ends.ts';
import type { DeadLetterReason, RuntimeEvent } from '../actor/runtime-event.ts';
import type { FailureCause, TerminationReason } from '../actor/signal.ts';
import { snapshotsBelow } from './snapshot-of.ts';
import { countTables, type TableSizes } from '../actor/table-sizes.ts';
import { currentTrace, question, traced } from '../actor/trace-context.ts';
import { tellOrWait } from './tell-or-wait.ts';
import { refuseCycle } from '../cell/deadlock-detection.ts';
import type { Watch } from '../cell/watch.ts';

export interface RuntimeOptions {
  readonly nodeId: string;
  readonly incarnation: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly log: Logger;
}

/** The actor system of one process: what all its cells share. */
export class Runtime implements ActorSystem {
  readonly nodeId: string;
  readonly incarnation: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly log: Logger;
  readonly events: EventHub;
  readonly terminated: Promise<unknown>;
  /** Set when the system is on a bus. */
  remoting: Remoting | undefined = undefined;
  /** What the top-level actors are children of. */
  readonly root: ActorCell;
  readonly deadlines: Deadlines;
  readonly #endpoints = new Map<number, Endpoint<never>>();
  readonly #ends = new RecentEnds();
  readonly #rates = new HandlingRates();
  readonly #pathNames = new PathNames();
  readonly #resolveTerminated: (cause: unknown) => void;
  #uids = 0;
  #endpointUids = 0;
  #rootCause: unknown = undefined;
  #stopping = false;

  constructor(options: RuntimeOptions) {
    this.nodeId = options.nodeId;
    this.incarnation = options.incarnation;
    this.clock = options.clock;
    this.random = options.random;
    this.scheduler = options.scheduler;
    this.log = options.log;
    this.events = new EventHub(options.log);
    this.deadlines = new Deadlines(options.clock);
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.terminated = promise;
    this.#resolveTerminated = resolve;
    this.root = new ActorCell<never>(this, undefined, '', {
      create: (): Behaviour<never> => receive(() => undefined),
    });
    this.root.state = 'running';
  }

  spawn<M>(props: Props<M>, name?: string): ActorRef<M> {
    if (this.#stopping) throw new SystemStoppedError(this.nodeId);
    return this.root.supervisor.spawn(props, name);
  }

  stop(ref: ActorRef<never>): Promise<void> {
    const cell = this.cellOf(ref);
    if (cell === undefined || cell.state === 'stopped') return Promise.resolve();
    const parent = cell.parent;
    if (parent === undefined) return Promise.resolve();
    return new Promise((resolve) => parent.supervisor.stop(cell, resolve));
  }

  kill(ref: ActorRef<never>): void {
    const cell = this.cellOf(ref);
    if (cell !== undefined) kill(cell);
  }

  unpark<M>(ref: ActorRef<M>): ActorRef<M> {
    const { address } = ref;
    const cell = this.actorOf(ref);
    if (cell?.parent === undefined)
      throw new InvalidArgumentError('ref', `${address.path} is not parked on ${this.nodeId}`);
    return cell.parent.supervisor.unpark(cell) as ActorRef<M>;
  }

  ask<T, R>(target: ActorRef<T>, make: (replyTo: ActorRef<R>) => T, options: AskOptions<R>): Promise<R> {
    return askFor(this, undefined, target, make, options);
  }

  tellOrWait<T>(target: ActorRef<T>, message: T, options: WaitOptions): Promise<void> {
    return tellOrWait(this, target, message, options);
  }

  refFor<M>(node: string, path: string): ActorRef<M> {
    if (node === this.nodeId) return new PathRef<M>(this, path);
    return new RemoteRef<M>(this, { node, nodeIncarnation: 0, path, uid: 0 });
  }

  onEvent(listener: (event: RuntimeEvent) => void): () => void {
    return this.events.on(listener);
  }

  counters(): RuntimeCounters {
    return this.events.counters();
  }

  askStream<T, R>(
    target: ActorRef<T>,
    make: (replyTo: ActorRef<StreamFrame<R>>) => T,
    options: StreamOptions,
  ): StreamReader<R> {
    return this.askStreamFrom(undefined, target, make, options);
  }

  /** Asks for a stream, for an actor or for code outside actors. */
  askStreamFrom<T, R>(
    asker: ActorCell | undefined,
    target: ActorRef<T>,
    make: (replyTo: ActorRef<StreamFrame<R>>) => T,
    options: StreamOptions,
  ): StreamReader<R> {
    const chain = asker === undefined ? undefined : callChain(asker);
    const reader = new StreamReader<R>(this, target, chain, options);
    asker?.context.noteWait(reader);
    this.sendQuestion(target, make(reader), options.lane, reader, currentTrace());
    if (asker?.state === 'busy' && !asker.inTurn) refuseCycle(this, reader);
    return reader;
  }

  inspect(): readonly ActorSnapshot[] {
    return snapshotsBelow(this.root, this.#rates, this.clock.now());
  }

  tableSizes(): TableSizes {
    const sizes = countTables(this.root.children);
    sizes.endpoints = this.#endpoints.size;
    sizes.deadlines = this.deadlines.size;
    this.root.addSizes(sizes);
    this.remoting?.addSizes(sizes);
    return sizes;
  }

  async shutdown(): Promise<void> {
    this.#beginShutdown();
    await this.terminated;
  }

  /** How many numbers actors have been given. */
  get uidsGiven(): number {
    return this.#uids;
  }

  nextUid(): number {
    return this.#uids++;
  }

  emit(event: RuntimeEvent): void {
    this.events.emit(event);
  }

  /** Counts a message that could not be delivered, and tells who waits for its answer. */
  deadLetter(
    to: ActorAddress,
    reason: DeadLetterReason,
    ask: Refusable | undefined,
    error?: DroverError,
    letter?: unknown,
  ): void {
    this.events.deadLetter(to, reason, error, letter);
    ask?.refuse(reason, error);
  }

  /** The live actor at the address; undefined when there is none, or another life of it. */
  findCell(path: string, uid: number): ActorCell | undefined {
    const cell = this.#cellAt(path);
    if (cell === undefined) return undefined;
    return cell.alive && (uid === 0 || cell.uid === uid) ? cell : undefined;
  }

  /** Who has that path, alive or parked. */
  #cellAt(path: string): ActorCell | undefined {
    let cell: ActorCell | undefined = this.root;
    if (!path.includes('/')) cell = cell.supervisor.child(path);
    else
      for (const name of this.#pathNames.of(path))
        cell = cell?.hasChildren ? cell.supervisor.child(name) : undefined;
    return cell;
  }

  /** How an actor that is gone ended, while that is remembered. */
  endOf(uid: number): TerminationReason | undefined {
    return this.#ends.get(uid);
  }

  deliverLocal(
    to: ActorAddress,
    message: unknown,
    control: boolean,
    ask: Refusable | undefined,
    trace: string | undefined,
  ): void {
    const cell = this.findCell(to.path, to.uid);
    if (cell === undefined) return this.deadLetter(to, 'no-such-actor', ask, undefined, message);
    cell.deliver(ask === undefined ? traced(message, trace) : question(message, ask, trace), control);
  }

  /** Assigns the uid of an endpoint. Endpoints for one answer get even numbers, which identifies late answers. */
  publish(endpoint: Endpoint<never>, isAnswer: boolean): number {
    this.#endpointUids += 2;
    const uid = isAnswer ? this.#endpointUids : this.#endpointUids + 1;
    this.#endpoints.set(uid, endpoint);
    return uid;
  }

  unpublish(uid: number): void {
    this.#endpoints.delete(uid);
  }

  /** Reports an answer whose asker no longer waits; `uid`: number of the question, 0 when it never left this node. */
  lateAnswer(uid: number, answer: unknown): void {
    const { nodeId, incarnation } = this;
    const to = { node: nodeId, nodeIncarnation: incarnation, path: endpointPath, uid };
    this.deadLetter(to, 'late-answer', undefined, undefined, answer);
  }

  findEndpoint(uid: number): Endpoint<never> | undefined {
    return this.#endpoints.get(uid);
  }

  /** Endpoints that other nodes know of. */
  publishedEndpoints(): Iterable<Endpoint<never>> {
    return this.#endpoints.values();
  }

  /** Makes a ref from an address on the wire; `broughtBy`: the node that sent the frame. */
  resolveRef(address: ActorAddress, broughtBy = ''): ActorRef<never> {
    if (address.node !== this.nodeId) return new RemoteRef(this, address, broughtBy);
    if (address.path === endpointPath || address.path === adapterPath) {
      const own = address.nodeIncarnation === this.incarnation ? this.#endpoints.get(address.uid) : undefined;
      return own ?? new RemoteRef(this, address);
    }
    if (address.nodeIncarnation === 0 && address.uid === 0) return new PathRef(this, address.path);
    const cell =
      address.nodeIncarnation === this.incarnation ? this.findCell(address.path, address.uid) : undefined;
    return cell === undefined ? new RemoteRef(this, address) : cell.ref;
  }

  /** Delivers to an address of another node, or to one of this node that no longer is. */
  sendRemote(
    to: ActorAddress,
    message: unknown,
    lane: MessageLane | undefined,
    ask: Question | undefined,
    trace: string | undefined,
  ): void {
    if (to.node === this.nodeId) {
      const stale = to.nodeIncarnation !== 0 && to.nodeIncarnation !== this.incarnation;
      if (stale) this.deadLetter(to, 'stale-incarnation', ask, undefined, message);
      else this.deliverLocal(to, message, isControl(lane), ask, trace);
    } else if (this.remoting === undefined) {
      this.deadLetter(to, 'bus-unavailable', ask, undefined, message);
    } else {
      this.remoting.send(to, message, lane, ask, trace);
    }
  }

  /** Registers interest in the end of the actor at the address. */
  watch(watch: Watch, address: ActorAddress): void {
    if (address.node === this.nodeId) this.#watchLocal(watch, address);
    else if (this.remoting === undefined) watch.terminated('node-down');
    else this.remoting.watch(watch, address);
  }

  /** Registers both sides of a link. */
  link(link: Link): void {
    const { owner, target } = link;
    const cell = this.cellOf(target);
    if (cell === owner) owner.watches.forgetLink(link);
    else if (cell !== undefined && cell.alive) joinLocal(link, cell);
    else if (target.address.node === this.nodeId)
      link.terminated(this.howEnded(target.address), this.causeOfEnd(target.address));
    else if (this.remoting === undefined) link.terminated('node-down');
    else this.remoting.link(link, 0);
  }

  /** The ref that names the actor exactly, where it is one of this node; another ref as it is. */
  nearest(ref: ActorRef<never>): ActorRef<never> {
    return (this.cellOf(ref)?.ref as ActorRef<never> | undefined) ?? ref;
  }

  /** Whom one may watch and send to at the address: an actor, or an adapter of one. */
  findTarget(path: string, uid: number): ActorCell | Adapter<never, never> | undefined {
    if (path !== adapterPath) return this.findCell(path, uid);
    const found = this.#endpoints.get(uid);
    return found instanceof Adapter ? (found as unknown as Adapter<never, never>) : undefined;
  }

  /** Why there is nobody at an address of this node. */
  howEnded({ nodeIncarnation, path, uid }: ActorAddress): TerminationReason {
    if (nodeIncarnation !== 0 && nodeIncarnation !== this.incarnation) return 'node-down';
    return (uid === 0 || path === adapterPath ? undefined : this.endOf(uid)) ?? 'not-found';
  }

  /** Remembered failure of the actor at an address of this node. */
  causeOfEnd({ nodeIncarnation, path, uid }: ActorAddress): FailureCause | undefined {
    const isOther = nodeIncarnation !== 0 && nodeIncarnation !== this.incarnation;
    return uid === 0 || isOther || path === adapterPath ? undefined : this.#ends.causeOf(uid);
  }

  ended(cell: ActorCell, cause: FailureCause | undefined): void {
    this.#ends.add(cell.uid, cell.endReason, cause);
    if (cell === this.root) this.#finish();
  }

  rootFailed(cause: unknown): void {
    this.log.error({ err: cause }, 'a failure escalated to the root: the actor system stops');
    this.root.state = 'running';
    this.endFor(cause);
  }

  /** Stops all actors for that cause, which `terminated` reports. */
  endFor(cause: unknown): void {
    this.#rootCause ??= cause;
    this.#beginShutdown();
  }

  /** Sends a question: whoever waits for its answer learns at once when it is not delivered. */
  sendQuestion(
    target: ActorRef<never>,
    message: unknown,
    lane: MessageLane | undefined,
    ask: Question,
    trace: string | undefined,
  ): void {
    const control = isControl(lane);
    if (target instanceof LocalRef) target.cell.deliver(question(message, ask, trace), control);
    else if (target instanceof RemoteRef) this.sendRemote(target.address, message, lane, ask, trace);
    else if (target instanceof Adapter) target.deliver(question(message, ask, trace), control);
    else if (target instanceof PathRef) this.deliverLocal(target.address, message, control, ask, trace);
    else (target as ActorRef<unknown>).tell(message, { lane: lane ?? 'data', trace });
  }

  /** The actor of this node that a ref means, if it is there. */
  cellOf(ref: ActorRef<never>): ActorCell | undefined {
    if (ref instanceof LocalRef) return ref.cell as unknown as ActorCell;
    const { address } = ref;
    return address.node === this.nodeId ? this.findCell(address.path, address.uid) : undefined;
  }

  /** As `cellOf`, parked actors included. */
  actorOf(ref: ActorRef<never>): ActorCell | undefined {
    if (ref instanceof LocalRef) return ref.cell as unknown as ActorCell;
    const { node, path, uid } = ref.address;
    const cell = node === this.nodeId ? this.#cellAt(path) : undefined;
    return cell === undefined || uid === 0 || cell.uid === uid ? cell : undefined;
  }

  #watchLocal(watch: Watch, address: ActorAddress): void {
    const stale = address.nodeIncarnation !== 0 && address.nodeIncarnation !== this.incarnation;
    const target = stale ? undefined : this.findTarget(address.path, address.uid);
    if (target === undefined) return watch.terminated(this.howEnded(address), this.causeOfEnd(address));
    target.addWatcher(watch);
    watch.onCancel = () => target.removeWatcher(watch);
  }

  #beginShutdown(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    stop(this.root);
  }

  #finish(): void {
    this.deadlines.expireAll();
    this.remoting?.close();
    this.#resolveTerminated(this.#rootCause);
  }
}
