import type { Timer } from '../clock.ts';
import type { Tenure } from '../leadership/leadership.ts';
import type { LocalNode } from '../membership/local-node.ts';
import { viewTiming } from '../membership/view/cluster-view.ts';
import {
  beginView,
  decideView,
  type ViewEffect,
  type ViewEvent,
  type ViewRequest,
  type ViewRequestAnswer,
  type ViewState,
} from '../membership/view/decide-view.ts';
import type { Sighting } from '../membership/view/inquiry.ts';
import {
  digestOf,
  emptyView,
  endedIncarnation,
  type View,
  type ViewChanges,
} from '../membership/view/view.ts';
import { encodeAnnouncedView, encodeView } from '../membership/view/view-codec.ts';
import { decodeSighting, encodeQuestion, seek } from '../membership/view/witness.ts';
import { controlGroup } from '../transport/subjects.ts';
import { readNewestView } from './view-log.ts';

const tickMs = 50;
/** Pause before a write whose outcome is unknown is repeated. */
const rewriteMs = 100;
const sightingMs = 1_500;

export interface ViewWriterOptions {
  /** Epochs up to this one are not given to a view. */
  readonly afterEpoch: number;
  /** The log has accepted the view. */
  readonly onWritten: (view: View) => void;
}

/** The control leader at work, for one tenure: the shell of `decideView`. */
export class ViewWriter {
  readonly #node: LocalNode;
  readonly tenure: Tenure;
  readonly #options: ViewWriterOptions;
  readonly #answers = new Map<number, (answer: ViewRequestAnswer | undefined) => void>();
  readonly #ends: (() => void)[] = [];
  #state: ViewState | undefined = undefined;
  #tokens = 0;
  #tickTimer: Timer | undefined = undefined;
  #announceTimer: Timer | undefined = undefined;

  constructor(node: LocalNode, tenure: Tenure, options: ViewWriterOptions) {
    this.#node = node;
    this.tenure = tenure;
    this.#options = options;
    tenure.signal.addEventListener('abort', () => this.#end(), { once: true });
    void this.#begin();
  }

  /** Highest epoch that this tenure has proposed. */
  get lastEpoch(): number {
    return Math.max(
      this.#options.afterEpoch,
      this.#state?.pending?.view.epoch ?? this.#state?.view.epoch ?? 0,
    );
  }

  /** The log was replaced or rolled back: writes a view again, because the last one may be lost. */
  writeAgain(): void {
    this.#take({ type: 'log-lost' });
  }

  /** Undefined: this node no longer leads. */
  request(request: ViewRequest): Promise<ViewRequestAnswer | undefined> {
    if (this.#state === undefined || this.tenure.signal.aborted) return Promise.resolve(undefined);
    const token = ++this.#tokens;
    return new Promise((resolve) => {
      this.#answers.set(token, resolve);
      this.#take({ type: 'request', token, request });
    });
  }

  /** Reads the view of the leader before, and begins. Repeated until the log answers. */
  async #begin(): Promise<void> {
    const { nodeId, incarnation, clock, presence, view, log } = this.#node;
    const { signal, fence } = this.tenure;
    while (!signal.aborted) {
      try {
        const read = await readNewestView(this.#node, fence, signal);
        if (signal.aborted) return;
        const known = view.current() ?? emptyView;
        // Where this node has seen a later view than the log holds, the log has lost it: what has ended stays ended.
        const base = read === undefined || known.epoch > read.epoch ? known : read;
        const newest = { ...base, epoch: Math.max(base.epoch, this.#options.afterEpoch) };
        // A node that was declared dead must not go on as leader. It ends as soon as it reads this view itself.
        if (endedIncarnation(newest, nodeId) >= incarnation) return;
        this.#state = beginView(nodeId, fence.sequence, newest, clock.now());
        break;
      } catch (err) {
        log.debug({ err }, 'the view cannot be read');
        await new Promise<void>((resolve) => clock.setTimer(rewriteMs, resolve));
      }
    }
    if (signal.aborted) return;
    this.#ends.push(presence.onChange(() => this.#take({ type: 'tick' })));
    this.#tick();
    this.#announceRegularly();
  }

  #end(): void {
    this.#tickTimer?.cancel();
    this.#announceTimer?.cancel();
    for (const end of this.#ends) end();
    for (const answer of this.#answers.values()) answer(undefined);
    this.#answers.clear();
  }

  #tick(): void {
    this.#tickTimer = this.#node.clock.setTimer(tickMs, () => {
      this.#take({ type: 'tick' });
      if (!this.tenure.signal.aborted) this.#tick();
    });
  }

  #take(event: ViewEvent): void {
    const { clock, presence, random, transport } = this.#node;
    if (this.#state === undefined || this.tenure.signal.aborted) return;
    // Without a connection, or when this leader may be deposed, its evidence is too old for a decision.
    if (event.type === 'tick' && !(this.tenure.mayAct() && transport.connected)) return;
    const facts = { members: presence.members(), nowMs: clock.now(), random: random.next() };
    const { state, effects } = decideView(this.#state, event, facts);
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: ViewEffect): void {
    switch (effect.type) {
      case 'write':
        return void this.#write(effect.view, effect.changes);
      case 'inquire':
        return this.#inquire(effect.about, effect.incarnation, effect.witnesses);
      case 'answer':
        this.#answers.get(effect.token)?.(effect.answer);
        return void this.#answers.delete(effect.token);
      case 'declared-dead': {
        const { id, incarnation } = effect.member;
        return this.#node.system.reportRemedy({
          action: 'declare-dead',
          subject: id,
          cause: 'it is unreachable, and the members that were asked agree',
          evidence: { incarnation, sightings: effect.evidence },
        });
      }
    }
  }

  /** The same view is written until its outcome is known: a repetition changes nothing. */
  async #write(view: View, changes: ViewChanges): Promise<void> {
    const { clock, subjects, log } = this.#node;
    const record = { subject: subjects.control(controlGroup, 'view'), payload: encodeView(view) };
    while (!this.tenure.signal.aborted) {
      try {
        const outcome = await this.tenure.write(record);
        if (outcome.kind === 'written') return this.#written(view, changes);
        if (outcome.kind === 'deposed' || outcome.kind === 'rolled-back') return;
      } catch (err) {
        log.debug({ err, epoch: view.epoch }, 'the view is not confirmed yet');
      }
      await new Promise<void>((resolve) => clock.setTimer(rewriteMs, resolve));
    }
  }

  #written(view: View, changes: ViewChanges): void {
    if (this.tenure.signal.aborted) return;
    this.#node.log.info({ epoch: view.epoch, changes: describe(changes) }, 'view written');
    this.#options.onWritten(view);
    this.#announce(view, changes);
    this.#take({ type: 'written' });
  }

  #announceRegularly(): void {
    this.#announceTimer = this.#node.clock.setTimer(viewTiming.announceMs, () => {
      if (this.#state?.hasWritten === true) this.#announce(this.#state.view, undefined);
      this.#announceRegularly();
    });
  }

  #announce(view: View, changes: ViewChanges | undefined): void {
    const { transport, subjects, nodeId, incarnation } = this.#node;
    if (!this.tenure.isTrusted()) return;
    const { epoch, fence } = view;
    const announcement = { fence, epoch, digest: digestOf(view), incarnation, changes };
    const subject = subjects.view(nodeId);
    // Changes too large for one message: the receivers ask for the whole view.
    if (!transport.publish(subject, encodeAnnouncedView(announcement)) && changes !== undefined)
      transport.publish(subject, encodeAnnouncedView({ ...announcement, changes: undefined }));
  }

  #inquire(about: string, incarnation: number, witnesses: readonly string[]): void {
    const { nodeId: node, transport, subjects, presence, clock } = this.#node;
    const seen = (from: string, sighting: Sighting): void =>
      this.#take({ type: 'sighting', about, incarnation, from, sighting });
    void seek({ node, transport, subjects, presence, clock }, about, incarnation).then((sighting) =>
      seen(node, sighting),
    );
    for (const witness of witnesses)
      void transport
        .request(subjects.sighting(witness, node), encodeQuestion(about, incarnation), {
          timeoutMs: sightingMs,
        })
        .then(
          (answer) => seen(witness, decodeSighting(answer) ?? 'unsure'),
          () => seen(witness, 'unsure'),
        );
  }
}

function describe({ set, removed }: ViewChanges): string {
  const changed = set.map(({ id, incarnation, state }) => `${id}#${incarnation} ${state}`);
  return [...changed, ...removed.map((id) => `${id} removed`)].join(', ');
}
