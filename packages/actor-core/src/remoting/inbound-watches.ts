import { ActorCell } from '../cell/cell.ts';
import type { ActorAddress } from '../actor/actor-ref.ts';
import { Link } from '../cell/link.ts';
import type { Runtime } from '../system/runtime.ts';
import type { FailureCause, TerminationReason } from '../actor/signal.ts';
import type { Watcher } from '../cell/watch.ts';
import { kind, type WatchMessage, type WireMessage } from './wire.ts';

interface Incoming extends Watcher {
  readonly target: Pick<ActorCell, 'uid' | 'addWatcher' | 'removeWatcher'>;
  /** Life of the watching node. */
  readonly incarnation: number;
  /** Set when the watch is one side of a link. */
  readonly link: LinkFact | undefined;
}

interface LinkFact {
  readonly cell: ActorCell;
  /** Incarnation of `cell` that is linked. */
  readonly incarnation: number;
  /** The other side. */
  readonly linker: ActorAddress;
}

/** The interest of other nodes in actors of this one, keyed by node and the number the watcher gave it. */
export class InboundWatches {
  readonly #runtime: Runtime;
  readonly #send: (node: string, message: WireMessage) => void;
  readonly #byNode = new Map<string, Map<number, Incoming>>();

  constructor(runtime: Runtime, send: (node: string, message: WireMessage) => void) {
    this.#runtime = runtime;
    this.#send = send;
  }

  get size(): number {
    let size = 0;
    for (const ofNode of this.#byNode.values()) size += ofNode.size;
    return size;
  }

  /** Confirms or answers at once; asking again is harmless. */
  watch(node: string, incarnation: number, message: WatchMessage): void {
    const [, id, path, uid, nodeIncarnation, linkerPath, linkerUid, linkerIncarnation, linked] = message;
    const known = this.#byNode.get(node)?.get(id);
    if (known !== undefined) {
      if (known.incarnation === incarnation) return this.#confirmAgain(node, id, known);
      this.#unwatch(node, id);
    }
    const told = (reason: TerminationReason, cause?: FailureCause) =>
      this.#send(node, terminatedOf(id, reason, cause));
    const runtime = this.#runtime;
    if (nodeIncarnation !== 0 && nodeIncarnation !== runtime.incarnation) return told('node-down');
    const target = runtime.findTarget(path, uid);
    if (target === undefined) {
      const address = { node, nodeIncarnation, path, uid };
      return told(runtime.howEnded(address), runtime.causeOfEnd(address));
    }
    if (linkerPath === undefined) {
      this.#register(node, id, target, incarnation, undefined);
      return this.#send(node, [kind.watching, id, target.uid]);
    }
    // Fate is shared by actors; who has somebody's adapter links to nobody.
    if (!(target instanceof ActorCell)) return told('not-found');
    const linker = { node, nodeIncarnation: incarnation, path: linkerPath, uid: linkerUid ?? 0 };
    if (linked === 0 && target.watches.linkTo(linker) === undefined)
      this.#linkBack(target, linker, linkerIncarnation ?? 0);
    const fact = { cell: target, incarnation: linked || target.presentIncarnation, linker };
    const over = linkEnd(fact);
    if (over !== undefined) return told(over);
    const side = {
      uid: target.uid,
      addWatcher: (watcher: Watcher) => target.watches.addIncarnationWatcher(watcher),
      removeWatcher: (watcher: Watcher) => target.watches.removeIncarnationWatcher(watcher),
    };
    this.#register(node, id, side, incarnation, fact);
    this.#send(node, [kind.watching, id, target.uid, fact.incarnation]);
  }

  /** The other node wants to know no more; of a link, this side goes too. */
  takenBack(node: string, id: number): void {
    const link = this.#byNode.get(node)?.get(id)?.link;
    this.#unwatch(node, id);
    if (link !== undefined) link.cell.watches.linkTo(link.linker)?.terminated('stopped');
  }

  #unwatch(node: string, id: number): void {
    const ofNode = this.#byNode.get(node);
    const entry = ofNode?.get(id);
    if (ofNode === undefined || entry === undefined) return;
    entry.target.removeWatcher(entry);
    ofNode.delete(id);
    if (ofNode.size === 0) this.#byNode.delete(node);
  }

  /** Lives of the node up to this one are over. */
  nodeDown(node: string, incarnation: number): void {
    for (const [id, entry] of this.#byNode.get(node) ?? []) {
      if (entry.incarnation <= incarnation) this.#unwatch(node, id);
    }
  }

  #confirmAgain(node: string, id: number, { target, link }: Incoming): void {
    const over = link === undefined ? undefined : linkEnd(link);
    if (over === undefined) return this.#send(node, [kind.watching, id, target.uid, link?.incarnation ?? 0]);
    this.#unwatch(node, id);
    this.#send(node, [kind.terminated, id, over]);
  }

  /** The side of this node: what happens to the linker happens to `cell`. */
  #linkBack(cell: ActorCell, linker: ActorAddress, linkerIncarnation: number): void {
    const link = new Link(cell, this.#runtime.resolveRef(linker));
    cell.watches.addLink(link);
    this.#runtime.remoting?.link(link, linkerIncarnation);
  }

  #register(
    node: string,
    id: number,
    target: Incoming['target'],
    incarnation: number,
    link: LinkFact | undefined,
  ): void {
    const entry: Incoming = {
      target,
      incarnation,
      link,
      terminated: (reason: TerminationReason, cause?: FailureCause) => {
        this.#unwatch(node, id);
        this.#send(node, terminatedOf(id, reason, cause));
      },
    };
    let ofNode = this.#byNode.get(node);
    if (ofNode === undefined) {
      ofNode = new Map();
      this.#byNode.set(node, ofNode);
    }
    ofNode.set(id, entry);
    target.addWatcher(entry);
  }
}

/** How a link has ended on this side; undefined while it holds. */
function linkEnd({ cell, incarnation, linker }: LinkFact): TerminationReason | undefined {
  if (cell.presentIncarnation !== incarnation) return 'failed';
  return cell.watches.linkTo(linker) === undefined ? 'stopped' : undefined;
}

function terminatedOf(id: number, reason: TerminationReason, cause: FailureCause | undefined): WireMessage {
  return cause === undefined
    ? [kind.terminated, id, reason]
    : [kind.terminated, id, reason, cause.code, cause.message];
}
