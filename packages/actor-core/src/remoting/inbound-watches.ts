import type { ActorAddress } from '../actor/actor-ref.ts';
import type { LocalActor, Recipient } from '../actor/local-actor.ts';
import type { FailureCause, TerminationReason } from '../actor/signal.ts';
import type { LinkSide, Watcher } from '../actor/watcher.ts';
import { Link } from '../cell/link.ts';
import type { LocalPorts } from './local-ports.ts';
import { kind, type WatchMessage, type WireMessage } from './wire.ts';

/** A watch of another node on an actor of this node. */
interface InboundWatch extends Watcher {
  readonly target: Pick<Recipient, 'uid' | 'addWatcher' | 'removeWatcher'>;
  /** Incarnation of the watching node. */
  readonly incarnation: number;
  /** Set when the watch is one side of a link. */
  readonly link: LinkFact | undefined;
}

interface LinkFact {
  readonly actor: LocalActor;
  /** Incarnation of `actor` that is linked. */
  readonly incarnation: number;
  /** The actor of the other side. */
  readonly linker: ActorAddress;
}

/** The watches of other nodes on actors of this node, by node and by the number that the watching node gave. */
export class InboundWatches {
  readonly #node: LocalPorts;
  readonly #send: (node: string, message: WireMessage) => void;
  readonly #linkBack: (link: LinkSide, linked: number) => void;
  readonly #byNode = new Map<string, Map<number, InboundWatch>>();

  /** `linkBack`: watches the other side of a link, whose incarnation is `linked`. */
  constructor(
    node: LocalPorts,
    send: (node: string, message: WireMessage) => void,
    linkBack: (link: LinkSide, linked: number) => void,
  ) {
    this.#node = node;
    this.#send = send;
    this.#linkBack = linkBack;
  }

  get size(): number {
    let size = 0;
    for (const ofNode of this.#byNode.values()) size += ofNode.size;
    return size;
  }

  /** Registers a watch or a link and confirms it, or answers how its target ended. Repeated messages do no harm. */
  watch(node: string, incarnation: number, message: WatchMessage): void {
    const [, id, path, uid, nodeIncarnation, linkerPath] = message;
    const known = this.#byNode.get(node)?.get(id);
    if (known !== undefined) {
      if (known.incarnation === incarnation) return this.#confirmAgain(node, id, known);
      this.#remove(node, id);
    }
    if (nodeIncarnation !== 0 && nodeIncarnation !== this.#node.incarnation)
      return this.#send(node, [kind.terminated, id, 'node-down']);
    const { actors } = this.#node;
    const target = actors.findRecipient(path, uid);
    if (target === undefined) {
      const address = { node, nodeIncarnation, path, uid };
      return this.#send(node, terminatedOf(id, actors.endReason(address), actors.endCause(address)));
    }
    if (linkerPath !== undefined) return this.#link(node, incarnation, message, target);
    this.#register(node, id, target, incarnation, undefined);
    this.#send(node, [kind.watching, id, target.uid]);
  }

  #link(node: string, nodeIncarnation: number, message: WatchMessage, target: Recipient): void {
    const [, id, , , , path = '', uid = 0, linkerIncarnation = 0, linked = 0] = message;
    const actor = target.owner;
    // Only actors can be linked, not adapters of actors.
    if (actor !== target) return this.#send(node, [kind.terminated, id, 'not-found']);
    const linker = { node, nodeIncarnation, path, uid };
    if (linked === 0 && actor.watches.linkTo(linker) === undefined)
      this.#addLink(actor, linker, linkerIncarnation);
    const fact = { actor, incarnation: linked || actor.presentIncarnation, linker };
    const ended = linkEnd(fact);
    if (ended !== undefined) return this.#send(node, [kind.terminated, id, ended]);
    const side = {
      uid: actor.uid,
      addWatcher: (watcher: Watcher) => actor.watches.addIncarnationWatcher(watcher),
      removeWatcher: (watcher: Watcher) => actor.watches.removeIncarnationWatcher(watcher),
    };
    this.#register(node, id, side, nodeIncarnation, fact);
    this.#send(node, [kind.watching, id, actor.uid, fact.incarnation]);
  }

  /** The other node cancels its watch; the cancellation of a link also removes the side of this node. */
  unwatch(node: string, id: number): void {
    const link = this.#byNode.get(node)?.get(id)?.link;
    this.#remove(node, id);
    if (link !== undefined) link.actor.watches.linkTo(link.linker)?.terminated('stopped');
  }

  /** Incarnations of the node up to this one have ended. */
  nodeDown(node: string, incarnation: number): void {
    for (const [id, entry] of this.#byNode.get(node) ?? []) {
      if (entry.incarnation <= incarnation) this.#remove(node, id);
    }
  }

  #remove(node: string, id: number): void {
    const ofNode = this.#byNode.get(node);
    const entry = ofNode?.get(id);
    if (ofNode === undefined || entry === undefined) return;
    entry.target.removeWatcher(entry);
    ofNode.delete(id);
    if (ofNode.size === 0) this.#byNode.delete(node);
  }

  #confirmAgain(node: string, id: number, { target, link }: InboundWatch): void {
    const ended = link === undefined ? undefined : linkEnd(link);
    if (ended === undefined) return this.#send(node, [kind.watching, id, target.uid, link?.incarnation ?? 0]);
    this.#remove(node, id);
    this.#send(node, [kind.terminated, id, ended]);
  }

  /** Adds the side of this node: the end of the linker's incarnation fails `actor`. */
  #addLink(actor: LocalActor, linker: ActorAddress, linkerIncarnation: number): void {
    const link = new Link(actor, this.#node.refs.resolve(linker));
    actor.watches.addLink(link);
    this.#linkBack(link, linkerIncarnation);
  }

  #register(
    node: string,
    id: number,
    target: InboundWatch['target'],
    incarnation: number,
    link: LinkFact | undefined,
  ): void {
    const entry: InboundWatch = {
      target,
      incarnation,
      link,
      terminated: (reason: TerminationReason, cause?: FailureCause) => {
        this.#remove(node, id);
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
function linkEnd({ actor, incarnation, linker }: LinkFact): TerminationReason | undefined {
  if (actor.presentIncarnation !== incarnation) return 'failed';
  return actor.watches.linkTo(linker) === undefined ? 'stopped' : undefined;
}

function terminatedOf(id: number, reason: TerminationReason, cause: FailureCause | undefined): WireMessage {
  return cause === undefined
    ? [kind.terminated, id, reason]
    : [kind.terminated, id, reason, cause.code, cause.message];
}
