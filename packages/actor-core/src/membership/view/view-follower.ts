import type { Clock } from '../../clock.ts';
import type { Logger } from '../../logger.ts';
import { anyToken, senderOf, type Subjects } from '../../transport/subjects.ts';
import type { Transport } from '../../transport/transport.ts';
import { type ClusterView, type ControlLeader, viewTiming } from './cluster-view.ts';
import {
  decideAnnounced,
  decideAnswered,
  type FollowState,
  initialFollow,
  isDoubted,
} from './decide-follow.ts';
import { digestOf, memberOf, type View, type ViewMember } from './view.ts';
import { decodeAnnouncedView, decodeView, type ViewAnnouncement } from './view-codec.ts';

/** What a follower of the view works with. */
export interface ViewFollowerOptions {
  readonly node: string;
  readonly transport: Transport;
  readonly subjects: Subjects;
  readonly clock: Clock;
  readonly log: Logger;
  /** False for an observer, which may not ask. */
  readonly mayAsk: boolean;
}

/**
 * The view on one node. Nodes that may not read the log of the control group learn it from the announcements of the
 * leader. The others call `followLog` and feed it with `take`; announcements then only show who leads.
 */
export class ViewFollower implements ClusterView {
  readonly #options: ViewFollowerOptions;
  readonly #listeners = new Set<(view: View) => void>();
  readonly #ends: (() => void)[] = [];
  #state: FollowState = initialFollow;
  #isFromLog = false;
  #onDoubt: ((announced: Pick<ViewAnnouncement, 'fence' | 'epoch'>) => void) | undefined = undefined;
  #isAsking = false;
  #hasWarned = false;
  #isClosed = false;

  constructor(options: ViewFollowerOptions) {
    this.#options = options;
  }

  start(): void {
    const { transport, subjects } = this.#options;
    const announcements = transport.subscribe(subjects.view(anyToken), ({ subject, payload }) =>
      this.#receive(senderOf(subject), payload),
    );
    this.#ends.push(() => announcements.unsubscribe());
  }

  close(): void {
    this.#isClosed = true;
    for (const end of this.#ends) end();
    this.#listeners.clear();
  }

  current(): View | undefined {
    return this.#state.view;
  }

  member(id: string): ViewMember | undefined {
    return this.#state.view && memberOf(this.#state.view, id);
  }

  controlLeader(): ControlLeader | undefined {
    const { leader } = this.#state;
    if (leader === undefined) return undefined;
    const { node, fence, heardAtMs } = leader;
    return { node, fence, ageMs: Math.max(0, this.#options.clock.now() - heardAtMs) };
  }

  onChange(listener: (view: View) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * From now on the log of the control group alone changes the view of this node, by `take`. `onDoubt`: for long, other
   * views than that of this node have been announced; called with each of them.
   */
  followLog(onDoubt: (announced: Pick<ViewAnnouncement, 'fence' | 'epoch'>) => void = () => undefined): void {
    this.#isFromLog = true;
    this.#onDoubt = onDoubt;
  }

  /**
   * The log holds this view. `isOtherLog`: the log was lost and begins again, so that an earlier view replaces a later
   * one.
   */
  take(view: View, isOtherLog = false): void {
    const before = this.#state.view;
    const agreedAtMs = this.#options.clock.now();
    if (before === undefined || isOtherLog || isLater(view, before))
      this.#set({ ...this.#state, view, agreedAtMs });
  }

  #receive(from: string, payload: Uint8Array): void {
    const announcement = decodeAnnouncedView(payload);
    if (announcement === undefined) return this.#warnOnce(from);
    const nowMs = this.#options.clock.now();
    const { state, ask } = decideAnnounced(this.#state, from, announcement, nowMs);
    if (this.#isFromLog) return this.#compare(announcement, state.leader, nowMs);
    this.#set(state);
    if (ask !== undefined && this.#options.mayAsk) void this.#ask(ask);
  }

  /** The log decides. An announcement shows who leads, and whether the leader has the same view. */
  #compare({ fence, epoch }: ViewAnnouncement, leader: FollowState['leader'], nowMs: number): void {
    const { view } = this.#state;
    if (view?.fence === fence) this.#set({ ...this.#state, leader });
    if (view?.fence === fence && view.epoch === epoch) this.#set({ ...this.#state, agreedAtMs: nowMs });
    else if (isDoubted(this.#state, nowMs)) this.#onDoubt?.({ fence, epoch });
  }

  /** One question at a time. After a failure the next announcement leads to another one. */
  async #ask(leader: string): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const { transport, subjects, node } = this.#options;
    try {
      const answer = await transport.request(subjects.viewQuestion(leader, node), new Uint8Array(0), {
        timeoutMs: viewTiming.askMs,
      });
      const view = decodeView(answer);
      if (view !== undefined && !this.#isFromLog)
        this.#set(decideAnswered(this.#state, leader, view, this.#options.clock.now()));
    } catch {
      // No answer: the next announcement asks again.
    } finally {
      this.#isAsking = false;
    }
  }

  #set(state: FollowState): void {
    if (this.#isClosed) return;
    const before = this.#state.view;
    this.#state = state;
    const { view } = state;
    if (view === undefined || (before !== undefined && isSameView(view, before))) return;
    for (const listener of this.#listeners) {
      try {
        listener(view);
      } catch (err) {
        this.#options.log.error({ err, epoch: view.epoch }, 'a listener of the view failed');
      }
    }
  }

  #warnOnce(peer: string): void {
    if (!this.#hasWarned)
      this.#options.log.warn(
        { peer },
        'ignored an announcement of the view that cannot be read; further ones are not logged',
      );
    this.#hasWarned = true;
  }
}

function isLater(view: View, other: View): boolean {
  return view.fence === other.fence ? view.epoch > other.epoch : view.fence > other.fence;
}

function isSameView(a: View, b: View): boolean {
  return a.epoch === b.epoch && a.fence === b.fence && digestOf(a) === digestOf(b);
}
