import type { ActorAddress, ActorRef } from '../actor/actor-ref.ts';
import type { LocalActor } from '../actor/local-actor.ts';
import { refKey } from '../actor/ref-key.ts';
import type { FailureCause, TerminationReason } from '../actor/signal.ts';
import type { LinkSide } from '../actor/watcher.ts';
import { DeathPactError } from '../errors.ts';

/**
 * One side of a link: what the end of another actor's incarnation does to the incarnation of this actor. The other
 * actor has a side of its own. Between nodes each side is a watch over the bus, so that neither actor can miss the end
 * of the other.
 */
export class Link implements LinkSide {
  readonly owner: LocalActor;
  readonly target: ActorRef<never>;
  readonly incarnation: number;
  onCancel: (() => void) | undefined = undefined;
  onForget: (() => void) | undefined = undefined;
  #isOver = false;

  constructor(owner: LocalActor, target: ActorRef<never>) {
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

  /** The incarnation of the other side has ended. An end in order only dissolves the link. */
  terminated(reason: TerminationReason, cause?: FailureCause): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { owner, incarnation } = this;
    owner.watches.forgetLink(this);
    if (reason === 'stopped') return;
    // In a turn of its own: the other actor may end inside a handler of this actor, and links form chains.
    owner.node.scheduler.schedule(() =>
      owner.failLinked(
        incarnation,
        new DeathPactError(this.target.address, reason, { cause: cause?.error ?? cause }),
      ),
    );
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

/** Links two actors of this process: the end of each is notified to the side of the other. */
export function joinLocal(link: Link, actor: LocalActor): void {
  const { owner } = link;
  const other = new Link(actor, owner.ref);
  actor.watches.addLink(other);
  for (const [side, to, opposite] of [
    [link, actor, other],
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
