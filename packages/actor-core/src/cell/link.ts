import { DeathPactError } from '../errors.ts';
import type { ActorCell } from './cell.ts';
import type { ActorAddress, ActorRef } from '../actor/actor-ref.ts';
import { fail } from './lifecycle.ts';
import type { FailureCause, TerminationReason } from '../actor/signal.ts';
import { refKey } from '../actor/ref-key.ts';
import type { Watcher } from './watch.ts';

/**
 * One side of a link: what the end of another actor's incarnation does to this one's. The other side has one as well.
 * Between nodes each side is a watch over the bus, so that neither can miss what happened to the other.
 */
export class Link implements Watcher {
  readonly owner: ActorCell;
  readonly target: ActorRef<never>;
  /** Which incarnation of the owner is linked. */
  readonly incarnation: number;
  /** Takes the interest back where it was registered, and with it the other side. */
  onCancel: (() => void) | undefined = undefined;
  /** As `onCancel`, where the other side learns anyway that this one has ended. */
  onForget: (() => void) | undefined = undefined;
  #isOver = false;

  constructor(owner: ActorCell, target: ActorRef<never>) {
    this.owner = owner;
    this.target = target;
    this.incarnation = owner.presentIncarnation;
  }

  get key(): string {
    return refKey(this.target);
  }

  isTo({ node, path, uid }: ActorAddress): boolean {
    const own = this.target.address;
    return own.node === node && own.path === path && (own.uid === uid || own.uid === 0 || uid === 0);
  }

  /** The other side's incarnation has ended. An end in order only dissolves the link. */
  terminated(reason: TerminationReason, cause?: FailureCause): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { owner, incarnation } = this;
    owner.watches.forgetLink(this);
    if (reason === 'stopped') return;
    // Later, since the other one may be ending in this one's very handler, and links form chains.
    owner.runtime.scheduler.schedule(() => {
      const isUp = owner.state === 'running' || owner.state === 'busy' || owner.state === 'starting';
      if (isUp && owner.incarnation === incarnation && owner.context.active)
        fail(owner, new DeathPactError(this.target.address, reason, { cause: cause?.error ?? cause }));
    });
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.onCancel?.();
  }

  forget(): void {
    this.#isOver = true;
    this.onForget?.();
  }
}

/** Links two actors of this process: each other's end tells both sides. */
export function joinLocal(link: Link, cell: ActorCell): void {
  const { owner } = link;
  const other = new Link(cell, owner.ref);
  cell.watches.addLink(other);
  for (const [side, to, opposite] of [
    [link, cell, other],
    [other, owner, link],
  ] as const) {
    to.watches.addIncarnationWatcher(side);
    side.onForget = () => to.watches.removeIncarnationWatcher(side);
    side.onCancel = () => {
      to.watches.removeIncarnationWatcher(side);
      opposite.terminated('stopped');
    };
  }
}
