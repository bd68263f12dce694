import type { ActorAddress } from '../actor/actor-ref.ts';
import type { FailureCause, TerminationReason } from '../actor/signal.ts';
import type { Link } from '../cell/link.ts';
import type { Watch, Watcher } from '../cell/watch.ts';
import type { Clock, Timer } from '../clock.ts';
import { kind, type WireMessage } from './wire.ts';

/** How often unconfirmed watches are repeated. Confirmed ones are every `confirmedTicks`-th time. */
const tickMs = 1_000;
const confirmedTicks = 5;
/** A watch that nobody confirmed for so long, while the bus was up, tells `node-down`. */
const unconfirmedMs = 5_000;
/** A watch that was confirmed and then not any more; only matters where no presence reports the node. */
const silentMs = 20_000;

interface Outgoing {
  readonly id: number;
  readonly watcher: Watcher;
  /** Set when the watch is one side of a link. */
  readonly link: Link | undefined;
  /** Incarnation that the link joins over there; 0 until it is known. */
  linked: number;
  readonly address: ActorAddress;
  /** Life of the node that confirmed it; 0 until then. */
  incarnation: number;
  uid: number;
  confirmed: boolean;
  heardMs: number;
}

export interface OutboundWatchesOptions {
  readonly clock: Clock;
  send(node: string, message: WireMessage): void;
  connected(): boolean;
}

/**
 * This node's interest in actors of other nodes. The bus may lose a watch or its answer, so both are repeated: a
 * notice arrives exactly once, and if nothing else tells it, silence does.
 */
export class OutboundWatches {
  readonly #options: OutboundWatchesOptions;
  readonly #byId = new Map<number, Outgoing>();
  #ids = 0;
  #ticks = 0;
  #timer: Timer | undefined = undefined;

  constructor(options: OutboundWatchesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#byId.size;
  }

  add(watch: Watch, address: ActorAddress): void {
    const id = this.#register(watch, address, undefined, 0);
    watch.onCancel = () => this.#takeBack(id, address);
  }

  /** Watches the other side of a link, and asks it to watch this one, unless it is `linked` and does already. */
  addLink(link: Link, linked: number): void {
    const { address } = link.target;
    const id = this.#register(link, address, link, linked);
    link.onCancel = () => this.#takeBack(id, address);
    link.onForget = () => this.#byId.delete(id);
  }

  #takeBack(id: number, address: ActorAddress): void {
    if (this.#byId.delete(id)) this.#options.send(address.node, [kind.unwatch, id]);
  }

  #register(watcher: Watcher, address: ActorAddress, link: Link | undefined, linked: number): number {
    const id = ++this.#ids;
    const { nodeIncarnation, uid } = address;
    const entry: Outgoing = {
      id,
      watcher,
      link,
      linked,
      address,
      incarnation: nodeIncarnation,
      uid,
      confirmed: false,
      heardMs: this.#options.clock.now(),
    };
    this.#byId.set(id, entry);
    this.#ask(entry);
    this.#timer ??= this.#options.clock.setTimer(tickMs, this.#tick);
    return id;
  }

  confirmed(id: number, node: string, incarnation: number, uid: number, linked: unknown): void {
    const entry = this.#byId.get(id);
    if (entry === undefined) {
      // Taken back, and the word of it was lost.
      this.#options.send(node, [kind.unwatch, id]);
      return;
    }
    if (entry.address.node !== node) return;
    // Another life of a well-known actor answers: the one watched is gone.
    if (entry.confirmed && (entry.incarnation !== incarnation || entry.uid !== uid)) {
      this.#tell(entry, entry.incarnation === incarnation ? 'stopped' : 'node-down');
      this.#options.send(node, [kind.unwatch, id]);
      return;
    }
    entry.confirmed = true;
    entry.incarnation = incarnation;
    entry.uid = uid;
    if (entry.linked === 0 && typeof linked === 'number') entry.linked = linked;
    entry.heardMs = this.#options.clock.now();
  }

  terminated(id: number, node: string, reason: TerminationReason, cause: FailureCause | undefined): void {
    const entry = this.#byId.get(id);
    if (entry !== undefined && entry.address.node === node) this.#tell(entry, reason, cause);
  }

  /** Lives of the node up to this one are over or silent; `isReplaced` by another one, which unconfirmed watches may reach. */
  nodeDown(node: string, incarnation: number, isReplaced: boolean): void {
    for (const entry of this.#byId.values()) {
      if (entry.address.node !== node) continue;
      const isDown = entry.incarnation === 0 ? !isReplaced : entry.incarnation <= incarnation;
      if (isDown) this.#tell(entry, 'node-down');
    }
  }

  /** The bus is back: silence before this does not count, and everything is asked again. */
  reconnected(): void {
    for (const entry of this.#byId.values()) {
      entry.heardMs = this.#options.clock.now();
      this.#ask(entry);
    }
  }

  close(): void {
    this.#timer?.cancel();
    this.#byId.clear();
  }

  #ask({ id, address, incarnation, uid, link, linked }: Outgoing): void {
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

  #tell(entry: Outgoing, reason: TerminationReason, cause?: FailureCause): void {
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
      const patienceMs = entry.confirmed ? silentMs : unconfirmedMs;
      if (now - entry.heardMs >= patienceMs) this.#tell(entry, 'node-down');
      else if (all || !entry.confirmed) this.#ask(entry);
    }
  }
}
