import type { ActorContext, ActorRef } from '@drover/actor-core';
import type { Presence } from '@drover/actor-core/cluster';
import type { SessionMessage } from '@drover/fleet';

/**
 * Watches the session that reads an answer. Distinguishes the end of the session, the end of its node, and a node that
 * is only unreachable.
 */
export class ReaderWatch {
  readonly #context: Pick<ActorContext<never>, 'watch'>;
  readonly #reader: ActorRef<SessionMessage>;
  readonly #presence: Pick<Presence, 'member'>;
  #watching = true;

  constructor(
    context: Pick<ActorContext<never>, 'watch'>,
    reader: ActorRef<SessionMessage>,
    presence: Pick<Presence, 'member'>,
  ) {
    this.#context = context;
    this.#reader = reader;
    this.#presence = presence;
    context.watch(reader);
  }

  /**
   * Handles a notice of the watch. True if the reader has ended. A node that is only unreachable may recover; until
   * then the reader counts as alive unless it is silent for `receiverSilenceMs`.
   */
  isGone(reason: string): boolean {
    if (reason !== 'node-down') return true;
    const { node, nodeIncarnation } = this.#reader.address;
    const member = this.#presence.member(node);
    if (member !== undefined && (member.state === 'left' || member.incarnation > nodeIncarnation))
      return true;
    this.#watching = false;
    return false;
  }

  /** A message of the reader arrived, perhaps after its node was unreachable: watches the reader again. */
  received(): void {
    if (this.#watching) return;
    this.#watching = true;
    this.#context.watch(this.#reader);
  }
}
