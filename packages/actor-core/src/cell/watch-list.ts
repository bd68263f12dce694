import type { ActorAddress, ActorRef } from '../actor/actor-ref.ts';
import type { Envelope } from '../actor/envelope.ts';
import type { LocalActor } from '../actor/local-actor.ts';
import type { NodePorts } from '../actor/node-ports.ts';
import { refKey } from '../actor/ref-key.ts';
import type { FailureCause, TerminationReason } from '../actor/signal.ts';
import type { TableSizes } from '../actor/table-sizes.ts';
import type { LinkSide, Watcher, WatchTable } from '../actor/watcher.ts';
import { joinLocal, Link } from './link.ts';
import { Watch } from './watch.ts';

/** The actor that a watch list belongs to. */
interface WatchingActor extends LocalActor {
  readonly node: NodePorts;
  force(envelope: Envelope): void;
}

/** The watchers of one actor, the actors that it watches, and its links. Created on demand: most actors have none. */
export class WatchList implements WatchTable {
  #watchers: Set<Watcher> | undefined = undefined;
  #watching: Map<string, Watch> | undefined = undefined;
  /** Notified when the present incarnation ends: other sides of links, and watchers of an adapter. */
  #ofIncarnation: Set<Watcher> | undefined = undefined;
  #links: Map<string, LinkSide> | undefined = undefined;

  addWatcher(watcher: Watcher): void {
    (this.#watchers ??= new Set()).add(watcher);
  }

  removeWatcher(watcher: Watcher): void {
    this.#watchers?.delete(watcher);
  }

  addIncarnationWatcher(watcher: Watcher): void {
    (this.#ofIncarnation ??= new Set()).add(watcher);
  }

  removeIncarnationWatcher(watcher: Watcher): void {
    this.#ofIncarnation?.delete(watcher);
  }

  /** Notifies all watchers, once. */
  notify(reason: TerminationReason, cause: FailureCause | undefined): void {
    const watchers = this.#watchers;
    this.#watchers = undefined;
    if (watchers !== undefined) for (const watcher of watchers) watcher.terminated(reason, cause);
  }

  /** The present incarnation has ended: its links end with it, and the watchers of the incarnation are notified. */
  incarnationEnded(reason: TerminationReason, cause: FailureCause | undefined): void {
    const links = this.#links;
    const ofIncarnation = this.#ofIncarnation;
    this.#links = undefined;
    this.#ofIncarnation = undefined;
    if (links !== undefined)
      for (const link of links.values()) {
        // The other side learns of a failure by its watch. A cancellation would overtake that notice.
        if (reason === 'stopped') link.cancel();
        else link.forget();
      }
    if (ofIncarnation !== undefined) for (const watcher of ofIncarnation) watcher.terminated(reason, cause);
  }

  /** `owner` is notified of the end of `target`, once. */
  watch(owner: WatchingActor, target: ActorRef<never>): void {
    const key = refKey(owner.node.actors.exactRef(target));
    if (this.#watching?.has(key) === true) return;
    const watch = new Watch(owner, target, key);
    (this.#watching ??= new Map()).set(key, watch);
    owner.node.watches.watch(watch, target.address);
  }

  /** The signal of this watch is being handled. */
  done(watch: Watch): void {
    this.#watching?.delete(watch.key);
  }

  /** Removes the watch on that actor, whichever of its refs was watched. */
  unwatch(owner: WatchingActor, target: ActorRef<never>): void {
    if (this.#watching === undefined) return;
    const exact = refKey(owner.node.actors.exactRef(target));
    const watch = this.#watching.get(exact) ?? this.#watchOn(target.address);
    if (watch === undefined) return;
    this.#watching.delete(watch.key);
    watch.cancel();
  }

  #watchOn({ node, path, uid }: ActorAddress): Watch | undefined {
    for (const watch of this.#watching?.values() ?? []) {
      const own = watch.target.address;
      if (own.node === node && own.path === path && (own.uid === uid || own.uid === 0 || uid === 0))
        return watch;
    }
    return undefined;
  }

  /** Links the present incarnations of `owner` and of the actor that `ref` means. */
  link(owner: WatchingActor, ref: ActorRef<never>): void {
    const { actors, watches } = owner.node;
    const target = actors.exactRef(ref);
    if (this.linkTo(target.address) !== undefined) return;
    const actor = actors.find(target);
    if (actor === owner) return;
    const link = new Link(owner, target);
    this.addLink(link);
    if (actor !== undefined && actor.alive) joinLocal(link, actor);
    else watches.link(link);
  }

  addLink(link: LinkSide): void {
    (this.#links ??= new Map()).set(link.key, link);
  }

  forgetLink(link: LinkSide): void {
    if (this.#links?.get(link.key) === link) this.#links.delete(link.key);
  }

  unlink(address: ActorAddress): void {
    const link = this.linkTo(address);
    if (link === undefined) return;
    this.forgetLink(link);
    link.cancel();
  }

  linkTo(address: ActorAddress): LinkSide | undefined {
    if (this.#links !== undefined)
      for (const link of this.#links.values()) if (link.isTo(address)) return link;
    return undefined;
  }

  addSizes(to: TableSizes): void {
    to.watchers += (this.#watchers?.size ?? 0) + (this.#ofIncarnation?.size ?? 0);
    to.watching += (this.#watching?.size ?? 0) + (this.#links?.size ?? 0);
  }

  unwatchAll(): void {
    const watching = this.#watching;
    this.#watching = undefined;
    if (watching !== undefined) for (const watch of watching.values()) watch.cancel();
  }
}
