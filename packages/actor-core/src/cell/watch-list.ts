import type { ActorCell } from './cell.ts';
import type { ActorAddress, ActorRef } from '../actor/actor-ref.ts';
import { Link } from './link.ts';
import type { FailureCause, TerminationReason } from '../actor/signal.ts';
import type { TableSizes } from '../actor/table-sizes.ts';
import { refKey } from '../actor/ref-key.ts';
import { Watch, type Watcher } from './watch.ts';

/** Who watches an actor, whom it watches, and whom it is linked to. Most actors have none of it, so theirs is made on demand. */
export class WatchList {
  #watchers: Set<Watcher> | undefined = undefined;
  #watching: Map<string, Watch> | undefined = undefined;
  /** Told when the present incarnation ends: other sides of links, and who watches an adapter. */
  #ofIncarnation: Set<Watcher> | undefined = undefined;
  #links: Map<string, Link> | undefined = undefined;

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

  /** Tells everyone who watches, once. */
  tell(reason: TerminationReason, cause: FailureCause | undefined): void {
    const watchers = this.#watchers;
    this.#watchers = undefined;
    if (watchers !== undefined) for (const watcher of watchers) watcher.terminated(reason, cause);
  }

  /** The present incarnation has ended: its links end with it, and whoever it concerns is told. */
  incarnationEnded(reason: TerminationReason, cause: FailureCause | undefined): void {
    const links = this.#links;
    const ofIncarnation = this.#ofIncarnation;
    this.#links = undefined;
    this.#ofIncarnation = undefined;
    if (links !== undefined)
      for (const link of links.values()) {
        // A failure reaches the other side as an end of what it watches; taking the link back would overtake that.
        if (reason === 'stopped') link.cancel();
        else link.forget();
      }
    if (ofIncarnation !== undefined) for (const watcher of ofIncarnation) watcher.terminated(reason, cause);
  }

  /** `owner` learns of the end of `target`, once. */
  watch(owner: ActorCell, target: ActorRef<never>): void {
    const key = refKey(owner.runtime.nearest(target));
    if (this.#watching?.has(key) === true) return;
    const watch = new Watch(owner, target, key);
    (this.#watching ??= new Map()).set(key, watch);
    owner.runtime.watch(watch, target.address);
  }

  /** The notice of this watch was read. */
  done(watch: Watch): void {
    this.#watching?.delete(watch.key);
  }

  /** Removes the watch on that actor, whichever of its refs was used to watch. */
  unwatch(owner: ActorCell, target: ActorRef<never>): void {
    if (this.#watching === undefined) return;
    const watch = this.#watching.get(refKey(owner.runtime.nearest(target))) ?? this.#watchOf(target.address);
    if (watch === undefined) return;
    this.#watching.delete(watch.key);
    watch.cancel();
  }

  #watchOf({ node, path, uid }: ActorAddress): Watch | undefined {
    for (const watch of this.#watching?.values() ?? []) {
      const own = watch.target.address;
      if (own.node === node && own.path === path && (own.uid === uid || own.uid === 0 || uid === 0))
        return watch;
    }
    return undefined;
  }

  /** Joins the present incarnations of `owner` and `target`. */
  link(owner: ActorCell, target: ActorRef<never>): void {
    if (this.linkTo(target.address) !== undefined) return;
    const link = new Link(owner, target);
    this.addLink(link);
    owner.runtime.link(link);
  }

  addLink(link: Link): void {
    (this.#links ??= new Map()).set(link.key, link);
  }

  forgetLink(link: Link): void {
    if (this.#links?.get(link.key) === link) this.#links.delete(link.key);
  }

  unlink(address: ActorAddress): void {
    const link = this.linkTo(address);
    if (link === undefined) return;
    this.forgetLink(link);
    link.cancel();
  }

  /** The link to the actor at the address, by whatever ref it was made. */
  linkTo(address: ActorAddress): Link | undefined {
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
