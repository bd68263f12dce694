import type { ActorAddress } from '../actor/actor-ref.ts';
import type { FailureCause, TerminationReason } from '../actor/signal.ts';
import type { LinkSide, Watcher, WatchRegistration } from '../actor/watcher.ts';
import type { Clock, Timer } from '../clock.ts';
import { kind, type WireMessage } from './wire.ts';

/** Interval at which unconfirmed watches are repeated. */
const tickMs = 1_000;
/** Confirmed watches are repeated at every n-th tick. */
const confirmedTicks = 5;
/** A watch without a confirmation for this long, while the bus was up, reports `node-down`. */
const unconfirmedMs = 5_000;
/** The same for a watch that was confirmed before. Both matter only for a node that is in no view. */
const silentMs = 20_000;

/** A watch of this node on an actor of another node. */
interface OutboundWatch {
  readonly id: number;
  readonly watcher: Watcher;
  /** Set when the watch is one side of a link. */
  readonly link: LinkSide | undefined;
  /** Incarnation of the other side that the link joins; 0 until it is known. */
  linked: number;
  readonly address: ActorAddress;
  /** Incarnation of the node that confirmed the watch; 0 until then. */
  incarnation: number;
  uid: number;
  confirmed: boolean;
  /** Clock milliseconds of the last confirmation. */
  confirmedMs: number;
}

export interface OutboundWatchesOptions {
  readonly clock: Clock;
  send(node: string, message: WireMessage): void;
  connected(): boolean;
  /** Whether the view of the cluster lists that node. Only the view ends the watches on its actors. */
  takesPart(node: string): boolean;
}

/**
 * The watches of this node on actors of other nodes. The bus may lose a watch or its answer, so both are repeated. Each
 * watcher is notified exactly once: by the other node, by its fate (`NodeFate`), or by the silence of a node that is in
 * no view.
 */
export class OutboundWatches {
  readonly #options: OutboundWatchesOptions;
  readonly #byId = new Map<number, OutboundWatch>();
  #ids = 0;
  #ticks = 0;
  #timer: Timer | undefined = undefined;

  constructor(options: OutboundWatchesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#byId.size;
  }

  add(watch: WatchRegistration, address: ActorAddress): void {
    const id = this.#register(watch, address, undefined, 0);
    watch.onCancel = () => this.#cancel(id, address);
  }

  /**
   * Watches the other side of a link, and asks the other node to watch this side. `linked`: incarnation of the other
   * side, where its node has linked already; else 0.
   */
  addLink(link: LinkSide, linked: number): void {
    const { address } = link.target;
    const id = this.#register(link, address, link, linked);
    link.onCancel = () => this.#cancel(id, address);
    link.onForget = () => this.#byId.delete(id);
  }

  #cancel(id: number, address: ActorAddress): void {
    if (this.#byId.delete(id)) this.#options.send(address.node, [kind.unwatch, id]);
  }

  #register(watcher: Watcher, address: ActorAddress, link: LinkSide | undefined, linked: number): number {
    const id = ++this.#ids;
    const { nodeIncarnation, uid } = address;
    const entry: OutboundWatch = {
      id,
      watcher,
      link,
      linked,
      address,
      incarnation: nodeIncarnation,
      uid,
      confirmed: false,
      confirmedMs: this.#options.clock.now(),
    };
    this.#byId.set(id, entry);
    this.#sendWatch(entry);
    this.#timer ??= this.#options.clock.setTimer(tickMs, this.#tick);
    return id;
  }

  confirmed(id: number, node: string, incarnation: number, uid: number, linked: unknown): void {
    const entry = this.#byId.get(id);
    if (entry === undefined) {
      // The watch was cancelled, and the cancellation was lost.
      this.#options.send(node, [kind.unwatch, id]);
      return;
    }
    if (entry.address.node !== node) return;
    // Another incarnation or another actor answers: the watched actor has ended.
    if (entry.confirmed && (entry.incarnation !== incarnation || entry.uid !== uid)) {
      this.#notify(entry, entry.incarnation === incarnation ? 'stopped' : 'node-down');
      this.#options.send(node, [kind.unwatch, id]);
      return;
    }
    entry.confirmed = true;
    entry.incarnation = incarnation;
    entry.uid = uid;
    if (entry.linked === 0 && typeof linked === 'number') entry.linked = linked;
    entry.confirmedMs = this.#options.clock.now();
  }

  terminated(id: number, node: string, reason: TerminationReason, cause: FailureCause | undefined): void {
    const entry = this.#byId.get(id);
    if (entry !== undefined && entry.address.node === node) this.#notify(entry, reason, cause);
  }

  /**
   * Incarnations of the node up to this one have ended or are silent. `isReplaced`: a newer incarnation runs, which
   * unconfirmed watches may reach.
   */
  nodeDown(node: string, incarnation: number, isReplaced: boolean): void {
    for (const entry of this.#byId.values()) {
      if (entry.address.node !== node) continue;
      const isDown = entry.incarnation === 0 ? !isReplaced : entry.incarnation <= incarnation;
      if (isDown) this.#notify(entry, 'node-down');
    }
  }

  /** The bus is connected again: earlier silence does not count, and all watches are repeated. */
  reconnected(): void {
    for (const entry of this.#byId.values()) {
      entry.confirmedMs = this.#options.clock.now();
      this.#sendWatch(entry);
    }
  }

  close(): void {
    this.#timer?.cancel();
    this.#byId.clear();
  }

  #sendWatch({ id, address, incarnation, uid, link, linked }: OutboundWatch): void {
    if (link === undefined)
      return this.#options.send(address.node, [kind.watch, id, address.path, uid, incarnation]);
    const { owner } = link;
    this.#options.send(address.node, [
      kind.watch,
      id,
      address.path,
      uid,
      incarnation,
      owner.path,
      owner.uid,
      link.incarnation,
      linked,
    ]);
  }

  #notify(entry: OutboundWatch, reason: TerminationReason, cause?: FailureCause): void {
    this.#byId.delete(entry.id);
    entry.watcher.terminated(reason, cause);
  }

  readonly #tick = (): void => {
    this.#timer = undefined;
    if (this.#options.connected()) this.#repeat();
    if (this.#byId.size > 0) this.#timer = this.#options.clock.setTimer(tickMs, this.#tick);
  };

  #repeat(): void {
    const now = this.#options.clock.now();
    const all = ++this.#ticks % confirmedTicks === 0;
    for (const entry of this.#byId.values()) {
      const limitMs = entry.confirmed ? silentMs : unconfirmedMs;
      const isSilent = now - entry.confirmedMs >= limitMs;
      if (isSilent && !this.#options.takesPart(entry.address.node)) this.#notify(entry, 'node-down');
      else if (all || !entry.confirmed) this.#sendWatch(entry);
    }
  }
}
