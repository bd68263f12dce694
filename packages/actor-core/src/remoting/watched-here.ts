import type { ActorCell } from '../actor/actor-cell.ts';
import type { Runtime } from '../actor/runtime.ts';
import type { TerminationReason } from '../actor/signal.ts';
import type { Watcher } from '../actor/watch.ts';
import { kind, type WireMessage } from './wire.ts';

interface Incoming extends Watcher {
  readonly cell: ActorCell;
  readonly incarnation: number;
}

/** The interest of other nodes in actors of this one, keyed by node and the number the watcher gave it. */
export class WatchedHere {
  private readonly runtime: Runtime;
  private readonly send: (node: string, message: WireMessage) => void;
  private readonly byNode = new Map<string, Map<number, Incoming>>();

  constructor(runtime: Runtime, send: (node: string, message: WireMessage) => void) {
    this.runtime = runtime;
    this.send = send;
  }

  get size(): number {
    let size = 0;
    for (const ofNode of this.byNode.values()) size += ofNode.size;
    return size;
  }

  /** Confirms or answers at once; asking again is harmless. */
  watch(
    node: string,
    incarnation: number,
    id: number,
    path: string,
    uid: number,
    nodeIncarnation: number,
  ): void {
    const known = this.byNode.get(node)?.get(id);
    if (known !== undefined) {
      if (known.incarnation === incarnation) return this.send(node, [kind.watching, id, known.cell.uid]);
      this.unwatch(node, id);
    }
    if (nodeIncarnation !== 0 && nodeIncarnation !== this.runtime.incarnation)
      return this.send(node, [kind.terminated, id, 'node-down']);
    const cell = this.runtime.findCell(path, uid);
    if (cell === undefined) {
      const reason = (uid === 0 ? undefined : this.runtime.endOf(uid)) ?? 'not-found';
      return this.send(node, [kind.terminated, id, reason]);
    }
    this.register(node, incarnation, id, cell);
    this.send(node, [kind.watching, id, cell.uid]);
  }

  unwatch(node: string, id: number): void {
    const ofNode = this.byNode.get(node);
    const entry = ofNode?.get(id);
    if (ofNode === undefined || entry === undefined) return;
    entry.cell.watches.removeWatcher(entry);
    ofNode.delete(id);
    if (ofNode.size === 0) this.byNode.delete(node);
  }

  /** Lives of the node up to this one are over. */
  nodeDown(node: string, incarnation: number): void {
    for (const [id, entry] of this.byNode.get(node) ?? []) {
      if (entry.incarnation <= incarnation) this.unwatch(node, id);
    }
  }

  private register(node: string, incarnation: number, id: number, cell: ActorCell): void {
    const entry: Incoming = {
      cell,
      incarnation,
      terminated: (reason: TerminationReason) => {
        this.unwatch(node, id);
        this.send(node, [kind.terminated, id, reason]);
      },
    };
    let ofNode = this.byNode.get(node);
    if (ofNode === undefined) {
      ofNode = new Map();
      this.byNode.set(node, ofNode);
    }
    ofNode.set(id, entry);
    cell.watches.addWatcher(entry);
  }
}
