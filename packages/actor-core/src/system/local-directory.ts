import type { ActorAddress, ActorRef } from '../actor/actor-ref.ts';
import { adapterPath } from '../actor/endpoint-path.ts';
import type { LocalActor, Recipient } from '../actor/local-actor.ts';
import type { ActorDirectory } from '../actor/node-ports.ts';
import type { NodeIdentity } from '../actor/node-services.ts';
import type { FailureCause, TerminationReason } from '../actor/signal.ts';
import { Adapter } from '../cell/adapter.ts';
import type { ActorCell } from '../cell/cell.ts';
import { LocalRef } from '../cell/local-ref.ts';
import type { EndpointTable } from './endpoint-table.ts';
import { PathNames } from './path-names.ts';
import { RecentEnds } from './recent-ends.ts';

/** Number of recipients by uid above which they are looked up by path again. */
const maxRecent = 4_096;

/** What the system does when its root actor fails or ends. */
export interface RootListener {
  rootFailed(cause: unknown): void;
  rootEnded(): void;
}

/** The actors of this node by ref, path and uid, and how the last actors ended. */
export class LocalDirectory implements ActorDirectory {
  /** The actor above all top-level actors; set once, before the first lookup. */
  root: ActorCell | undefined = undefined;
  readonly #identity: NodeIdentity;
  readonly #endpoints: EndpointTable;
  readonly #listener: RootListener;
  readonly #ends = new RecentEnds();
  readonly #pathNames = new PathNames();
  /** Recipients of messages of other nodes, by uid: each stream gets a message for every token. */
  readonly #recent = new Map<number, { readonly path: string; readonly cell: ActorCell }>();
  #uids = 0;

  constructor(identity: NodeIdentity, endpoints: EndpointTable, listener: RootListener) {
    this.#identity = identity;
    this.#endpoints = endpoints;
    this.#listener = listener;
  }

  /** How many uids were given to actors. */
  get uidsGiven(): number {
    return this.#uids;
  }

  nextUid(): number {
    return this.#uids++;
  }

  find(ref: ActorRef<never>): LocalActor | undefined {
    if (ref instanceof LocalRef) return ref.actor;
    const { address } = ref;
    return address.node === this.#identity.nodeId ? this.findAlive(address.path, address.uid) : undefined;
  }

  findWithParked(ref: ActorRef<never>): LocalActor | undefined {
    if (ref instanceof LocalRef) return ref.actor;
    const { node, path, uid } = ref.address;
    const cell = node === this.#identity.nodeId ? this.#cellAt(path) : undefined;
    return cell === undefined || uid === 0 || cell.uid === uid ? cell : undefined;
  }

  findOwner(ref: ActorRef<never>): LocalActor | undefined {
    return ref instanceof Adapter ? ref.owner : this.find(ref);
  }

  exactRef(ref: ActorRef<never>): ActorRef<never> {
    return this.find(ref)?.ref ?? ref;
  }

  /** The live actor at the path; `uid` 0 means any. */
  findAlive(path: string, uid: number): ActorCell | undefined {
    const cell = this.#cellAt(path);
    if (cell === undefined) return undefined;
    return cell.alive && (uid === 0 || cell.uid === uid) ? cell : undefined;
  }

  /** The actor or the adapter at an address of this node. */
  findRecipient(path: string, uid: number): Recipient | undefined {
    if (path === adapterPath) {
      const found = this.#endpoints.find(uid);
      return found instanceof Adapter ? found : undefined;
    }
    const recent = this.#recent.get(uid);
    if (recent?.path === path) return recent.cell.alive ? recent.cell : undefined;
    const cell = this.findAlive(path, uid);
    if (cell === undefined || uid === 0) return cell;
    if (this.#recent.size >= maxRecent) this.#recent.clear();
    this.#recent.set(uid, { path, cell });
    return cell;
  }

  #cellAt(path: string): ActorCell | undefined {
    let cell: ActorCell | undefined = this.root;
    if (!path.includes('/')) return cell?.supervisor.child(path);
    for (const name of this.#pathNames.of(path))
      cell = cell?.hasChildren === true ? cell.supervisor.child(name) : undefined;
    return cell;
  }

  /** Why nothing is at an address of this node. */
  endReason({ nodeIncarnation, path, uid }: ActorAddress): TerminationReason {
    if (nodeIncarnation !== 0 && nodeIncarnation !== this.#identity.incarnation) return 'node-down';
    return (uid === 0 || path === adapterPath ? undefined : this.#ends.get(uid)) ?? 'not-found';
  }

  /** The recorded failure of the actor that was at an address of this node. */
  endCause({ nodeIncarnation, path, uid }: ActorAddress): FailureCause | undefined {
    const isOther = nodeIncarnation !== 0 && nodeIncarnation !== this.#identity.incarnation;
    return uid === 0 || isOther || path === adapterPath ? undefined : this.#ends.causeOf(uid);
  }

  ended(actor: LocalActor, reason: TerminationReason, cause: FailureCause | undefined): void {
    this.#ends.add(actor.uid, reason, cause);
    this.#recent.delete(actor.uid);
    if (actor === this.root) this.#listener.rootEnded();
  }

  rootFailed(cause: unknown): void {
    this.#listener.rootFailed(cause);
  }
}
