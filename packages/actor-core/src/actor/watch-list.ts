import type { ActorCell } from './actor-cell.ts';
import type { ActorRef } from './actor-ref.ts';
import type { TerminationReason } from './signal.ts';
import type { TableSizes } from './table-sizes.ts';
import { refKey, Watch, type Watcher } from './watch.ts';

/** Who watches an actor, and whom it watches. Most actors have none of it, so theirs is made on demand. */
export class WatchList {
  private watchers: Set<Watcher> | undefined = undefined;
  private watching: Map<string, Watch> | undefined = undefined;

  addWatcher(watcher: Watcher): void {
    (this.watchers ??= new Set()).add(watcher);
  }

  removeWatcher(watcher: Watcher): void {
    this.watchers?.delete(watcher);
  }

  /** Tells everyone who watches, once. */
  tell(reason: TerminationReason): void {
    const { watchers } = this;
    this.watchers = undefined;
    if (watchers !== undefined) for (const watcher of watchers) watcher.terminated(reason);
  }

  /** `owner` learns of the end of `target`, once. */
  watch(owner: ActorCell, target: ActorRef<never>): void {
    const key = refKey(target);
    if (this.watching?.has(key) === true) return;
    const watch = new Watch(owner, target, key);
    (this.watching ??= new Map()).set(key, watch);
    owner.runtime.watch(watch, target.address);
  }

  /** The notice of this watch was read. */
  done(watch: Watch): void {
    this.watching?.delete(watch.key);
  }

  unwatch(key: string): void {
    const watch = this.watching?.get(key);
    if (watch === undefined) return;
    this.watching?.delete(key);
    watch.cancel();
  }

  addSizes(to: TableSizes): void {
    to.watchers += this.watchers?.size ?? 0;
    to.watching += this.watching?.size ?? 0;
  }

  unwatchAll(): void {
    const { watching } = this;
    this.watching = undefined;
    if (watching !== undefined) for (const watch of watching.values()) watch.cancel();
  }
}
