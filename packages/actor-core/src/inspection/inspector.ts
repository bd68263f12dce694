import type { RuntimeCounters } from '../actor/actor-system.ts';
import type { Clock, Timer } from '../clock.ts';
import type { Logger } from '../logger.ts';
import { anyToken, type Subjects } from '../transport/subjects.ts';
import type { Transport, TransportMessage } from '../transport/transport.ts';
import { StartTimes } from './start-times.ts';
import { chooseActors } from './choose-actors.ts';
import {
  type ActorView,
  type InspectionAnswer,
  type InspectionQuestion,
  type NodeInspection,
  questionSchema,
} from './inspection.ts';
import { decodeQuestion, encodeAnswer } from './inspection-codec.ts';
import type { Inspected } from './relevance.ts';
import { MessageRates, sampleMs } from './message-rates.ts';
import type { Seen } from './most-relevant.ts';
import { actorView } from './actor-view.ts';
import { type Walk, walkActors } from './walk-actors.ts';

/** Most different questions answered at once; a further question gets `busy`. */
const maxAtOnce = 4;
/** Interval of the samples for start times. */
const sampleStartsMs = 1_000;
/** Share of the timeout for the walk over the actors; the rest is for the rates and the reply. */
const walkShare = 0.5;
/** Bytes of an answer that are kept free for the fields beside the actors. */
const answerReserveBytes = 512;

export interface InspectorOptions {
  readonly node: string;
  readonly incarnation: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** The actor above all top-level actors. */
  readonly root: Inspected;
  /** How many uids have been given to actors. */
  readonly uidsGiven: () => number;
  readonly counters: () => RuntimeCounters;
}

/** Shows the actors of one node in bounded answers. */
export class Inspector {
  readonly #options: InspectorOptions;
  readonly #startTimes = new StartTimes();
  readonly #rates = new MessageRates();
  readonly #underWay = new Map<string, Promise<NodeInspection>>();
  readonly #ends: (() => void)[] = [];
  readonly #startedMs: number;
  #timer: Timer | undefined = undefined;
  #warned = false;

  constructor(options: InspectorOptions) {
    this.#options = options;
    this.#startedMs = options.clock.now();
    this.#sampleStarts();
  }

  /** Answers other nodes until `close`. */
  listen(transport: Transport, subjects: Subjects): void {
    const subscription = transport.subscribe(subjects.inspection(this.#options.node, anyToken), (message) =>
      this.#receive(message),
    );
    this.#ends.push(() => subscription.unsubscribe());
  }

  close(): void {
    this.#timer?.cancel();
    for (const end of this.#ends) end();
  }

  /** The actors of this node. Equal questions at the same time share one walk. */
  async inspect(question: InspectionQuestion): Promise<InspectionAnswer> {
    const key = `${question.limit} ${question.maxBytes} ${question.path}`;
    let answer = this.#underWay.get(key);
    if (answer === undefined) {
      if (this.#underWay.size >= maxAtOnce) return 'busy';
      answer = this.#answer(question).finally(() => this.#underWay.delete(key));
      this.#underWay.set(key, answer);
    }
    return answer;
  }

  async #answer(question: InspectionQuestion): Promise<NodeInspection> {
    const { root, clock } = this.#options;
    const lateMs = clock.now() + question.timeoutMs * walkShare;
    const walk = await walkActors(root, {
      path: question.path,
      limit: question.limit,
      pause: () => this.#pass(0),
      isLate: () => clock.now() >= lateMs,
    });
    await this.#sample(chooseActors(walk.tops, walk.others, question.limit));
    const actors = this.#fitting(walk, question);
    const { restarted = 0, parked = 0, escalated = 0 } = this.#options.counters().events;
    return {
      incarnation: this.#options.incarnation,
      uptimeMs: Math.round(clock.now() - this.#startedMs),
      total: walk.total,
      leftOut: walk.total - actors.length,
      complete: walk.complete,
      counters: { restarted, parked, escalated, deadLetters: this.#deadLetters() },
      actors,
    };
  }

  /** Waits until all shown actors have a rate. */
  async #sample(shown: readonly Seen[]): Promise<void> {
    const nowMs = this.#options.clock.now();
    const isNew = shown.map(({ actor }) => this.#rates.sample(actor, nowMs) === undefined);
    if (isNew.includes(true)) await this.#pass(sampleMs);
  }

  /** As many views as the answer may contain in number and in bytes. */
  #fitting(walk: Walk, { limit, maxBytes }: InspectionQuestion): readonly ActorView[] {
    const nowMs = this.#options.clock.now();
    let views = chooseActors(walk.tops, walk.others, limit).map((seen) => this.#view(seen, nowMs));
    for (let bytes = sizeOf(views); bytes > maxBytes - answerReserveBytes; bytes = sizeOf(views)) {
      const fewer = Math.min(views.length - 1, Math.floor((views.length * maxBytes) / bytes));
      views = chooseActors(walk.tops, walk.others, fewer).map((seen) => this.#view(seen, nowMs));
    }
    return views;
  }

  #view({ actor, children }: Seen, nowMs: number): ActorView {
    const messagesPerSecond = this.#rates.sample(actor, nowMs);
    const uptimeMs = Math.max(0, nowMs - (this.#startTimes.of(actor.uid) ?? nowMs));
    return actorView(actor, { children, messagesPerSecond, uptimeMs });
  }

  #deadLetters(): number {
    return Object.values(this.#options.counters().deadLetters).reduce((sum, letters) => sum + letters, 0);
  }

  #receive({ subject, payload, respond }: TransportMessage): void {
    if (respond === undefined) return;
    const question = questionSchema.safeParse(decodeQuestion(payload));
    if (!question.success) {
      const { node, log } = this.#options;
      if (!this.#warned)
        log.warn({ node, subject }, 'an inspection request cannot be read; further ones are not logged');
      this.#warned = true;
      return;
    }
    this.inspect(question.data).then(
      (answer) => respond(encodeAnswer(answer)),
      (err: unknown) => this.#options.log.error({ err }, 'the actors of this node could not be inspected'),
    );
  }

  readonly #sampleStarts = (): void => {
    const { clock, uidsGiven } = this.#options;
    this.#startTimes.sample(uidsGiven(), clock.now());
    this.#timer = clock.setTimer(sampleStartsMs, this.#sampleStarts);
  };

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => this.#options.clock.setTimer(ms, resolve));
  }
}

function sizeOf(views: readonly ActorView[]): number {
  return Buffer.byteLength(JSON.stringify(views));
}
