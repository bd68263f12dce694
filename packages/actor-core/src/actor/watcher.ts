import type { ActorAddress, ActorRef } from './actor-ref.ts';
import type { FailureCause, TerminationReason } from './signal.ts';

/** Receives the notice that an actor has ended, at most once. */
export interface Watcher {
  /** `cause`: of a failure or a kill, where it is known. */
  terminated(reason: TerminationReason, cause?: FailureCause): void;
}

/** A watch that can be cancelled where it was registered. */
export interface WatchRegistration extends Watcher {
  /** Removes the watch where it was registered. Set where the watch is registered. */
  onCancel: (() => void) | undefined;
}

/** One side of a link between the incarnations of two actors, as the other side and the bus see it. */
export interface LinkSide extends WatchRegistration {
  /** The actor of this side. */
  readonly owner: { readonly path: string; readonly uid: number };
  /** The actor of the other side. */
  readonly target: ActorRef<never>;
  /** Incarnation of the owner that is linked. */
  readonly incarnation: number;
  /** Key of `target`. */
  readonly key: string;
  /** As `onCancel`, where the other side learns in another way that this side has ended. */
  onForget: (() => void) | undefined;
  /** True when the address means the actor of the other side. */
  isTo(address: ActorAddress): boolean;
  /** Dissolves the link on both sides. */
  cancel(): void;
  /** Removes this side only. */
  forget(): void;
}

/** The watches and links of one actor, as other parts of the node use them. */
export interface WatchTable {
  /** The watcher is notified when the present incarnation ends. */
  addIncarnationWatcher(watcher: Watcher): void;
  removeIncarnationWatcher(watcher: Watcher): void;
  addLink(link: LinkSide): void;
  forgetLink(link: LinkSide): void;
  /** The link to the actor at the address, whichever of its refs was linked. */
  linkTo(address: ActorAddress): LinkSide | undefined;
}
