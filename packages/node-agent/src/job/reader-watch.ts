import type { ActorContext, ActorRef } from '@drover/actor-core';
import type { Presence } from '@drover/actor-core/cluster';
import type { SessionMessage } from '@drover/fleet';

/**
 * Time after which the reader is watched. A watch costs three messages, a third of those of a short request, and most
 * requests to a small model have ended by then.
 */
const watchAfterMs = 250;

/**
 * Watches the session that reads an answer, from `dueAtMs` on. Distinguishes the end of the session, the end of its
 * node, and a node that is only unreachable. A session that ended before the watch is found to have ended by it.
 */
export class ReaderWatch {
  readonly #context: Pick<ActorContext<never>, 'watch'>;
  readonly #reader: ActorRef<SessionMessage>;
  readonly #presence: Pick<Presence, 'member'>;
  #dueAtMs: number;
  #watching = false;

  constructor(
    context: Pick<ActorContext<never>, 'watch'>,
    reader: ActorRef<SessionMessage>,
    presence: Pick<Presence, 'member'>,
    nowMs: number,
  ) {
    this.#context = context;
    this.#reader = reader;
    this.#presence = presence;
    this.#dueAtMs = nowMs + watchAfterMs;
  }

  /** When `wake` must be called; `Infinity` once the reader is watched. */
  get dueAtMs(): number {
    return this.#dueAtMs;
  }

  /** Begins the watch when it is due. */
  wake(nowMs: number): void {
    if (nowMs < this.#dueAtMs) return;
    this.#dueAtMs = Number.POSITIVE_INFINITY;
    this.#watch();
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
    if (!this.#watching && this.#dueAtMs === Number.POSITIVE_INFINITY) this.#watch();
  }

  #watch(): void {
    this.#watching = true;
    this.#context.watch(this.#reader);
  }
}
