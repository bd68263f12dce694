import {
  type ActorContext,
  type ActorRef,
  type Behaviour,
  type Props,
  props,
  receive,
  setup,
} from '@drover/actor-core';
import {
  createSender,
  decideSend,
  type FailureCode,
  ollamaPath,
  pickPassedHeaders,
  type RefusalCode,
  type SenderEvent,
  type SenderState,
  type SessionMessage,
  runnerOptionsHeader,
  senderWakeAtMs,
  streamMessageSchema,
} from '@drover/fleet';
import type { AnswerHead, UpstreamRequest } from '../ollama/ollama.ts';
import { emptyShape, mayBeAnswering, type RequestShape, readShape } from '../silence/request-shape.ts';
import { type AnswerFinish, AnswerReader } from './answer-reader.ts';
import type { FittedRequest } from '../runner/runner-table.ts';
import { AnswerTally } from './answer-tally.ts';
import { BodyAssembly } from './body-assembly.ts';
import type { JobMessage, JobOutcome } from './job-message.ts';
import {
  decideProgress,
  enterPhase,
  type JobPhase,
  type JobProgress,
  lookLater,
  type ProgressLimits,
  progressLimits,
  progressWakeAtMs,
  startProgress,
  stepBack,
} from './job-progress.ts';
import type { JobTask } from './job-task.ts';
import { JobTrace } from './job-trace.ts';
import { ReaderWatch } from './reader-watch.ts';
import { checkRequest, type RequestFacts } from './request-check.ts';

/**
 * The actor of one attempt at one Ollama: waits for the body and a slot, posts the request, reads the answer, and feeds
 * the sending end of the stream to the session. It leaves the slot exactly once, and stays (`lingering`) until the
 * session has all lines. Never restarted: a job that fails has lost its connection to Ollama.
 */
export function jobProps(task: JobTask): Props<JobMessage> {
  return props<JobMessage>(() => setup((context) => new Job(task, context).behaviour()), {
    restart: 'temporary',
    protocol: streamMessageSchema,
  });
}

const done: Behaviour<JobMessage> = { kind: 'stopped' };

/** Messages of a stream may share a bus message with those of other streams. */
const patient = { mayWait: true } as const;

class Job {
  readonly #task: JobTask;
  readonly #context: ActorContext<JobMessage>;
  readonly #sender: SenderState;
  readonly #assembly: BodyAssembly | undefined;
  #progress: JobProgress;
  #body: Uint8Array | undefined;
  #facts: RequestFacts = { rejection: undefined, setsKeepAlive: false };
  #shape: RequestShape = emptyShape;
  readonly #limits: ProgressLimits;
  #upstream: UpstreamRequest | undefined;
  #reader: AnswerReader | undefined;
  #fitted: FittedRequest | undefined;
  #postedAtMs: number | undefined;
  readonly #trace: JobTrace;
  readonly #tally = new AnswerTally();
  #readerWatch: ReaderWatch;
  /** The session that gets the answer. */
  #session: ActorRef<SessionMessage>;
  #left = false;
  #wakeAtMs = Number.POSITIVE_INFINITY;

  constructor(task: JobTask, context: ActorContext<JobMessage>) {
    const { open, fleet } = task;
    const now = context.clock.now();
    this.#task = task;
    this.#context = context;
    this.#trace = new JobTrace(task, context.clock);
    this.#session = task.replyTo;
    this.#readerWatch = new ReaderWatch(context, task.replyTo, task.presence, now);
    this.#limits = progressLimits(task.limits, open);
    this.#sender = createSender(open.streamId, open.grantedThrough, fleet, now, open.keepMs);
    this.#assembly = open.body === undefined ? new BodyAssembly(open.bodyBytes ?? 0) : undefined;
    this.#progress = startProgress(open.body === undefined ? 'receiving' : 'queued', open.timeoutMs, now);
  }

  behaviour(): Behaviour<JobMessage> {
    const { open, transport, position } = this.#task;
    const unsubscribe = transport.onConnectionChange((connected) =>
      this.#context.self.tell({ kind: 'bus', connected }),
    );
    // Closes the socket whenever the actor ends, even by a crash.
    this.#context.signal.addEventListener('abort', () => {
      unsubscribe();
      this.#upstream?.abort();
    });
    if (!transport.connected) this.#send({ kind: 'bus', connected: false });
    // A waiting session gets its position and expected wait from the instance (`waits`).
    if (position === 0 || open.body === undefined) this.#accept({ position });
    if (open.body !== undefined) this.#takeBody(open.body);
    this.#armWake();
    return receive<JobMessage>(
      (message) => {
        this.#handle(message);
        return this.#next();
      },
      (signal) => {
        if (signal.type === 'post-stop') this.#stop();
        // The end of a session before the present one means nothing.
        if (signal.type !== 'terminated' || signal.ref.address.uid !== this.#session.address.uid)
          return undefined;
        if (!this.#readerWatch.isGone(signal.reason)) return undefined;
        this.#send({ kind: 'orphan' });
        if (this.#sender.closed) this.#leave('cancelled');
        return this.#next();
      },
    );
  }

  #next(): Behaviour<JobMessage> | undefined {
    if (this.#sender.closed) return done;
    this.#armWake();
    return undefined;
  }

  #handle(message: JobMessage): void {
    // Only the node itself sends this one, which has the id that follows.
    if (message.kind === 'adopt') return this.#adopt(message);
    const { streamId } = this.#sender;
    // Messages about the stream come from the bus; only its session knows the id.
    if ('streamId' in message && message.streamId !== streamId) return;
    switch (message.kind) {
      case 'grant':
      case 'resume':
        this.#readerWatch.received();
        return this.#send(message);
      case 'cancel':
      case 'bus':
        return this.#send(message);
      case 'part':
        return this.#takePart(message);
      case 'start':
        return this.#post();
      case 'position':
        if (this.#progress.phase === 'queued')
          this.#send({ kind: 'progress', phase: 'queued', position: message.position, etaMs: message.etaMs });
        return;
      case 'waits':
        if (this.#progress.phase === 'queued') this.#accept(message);
        return;
      case 'offer':
        if (this.#progress.phase === 'queued')
          this.#session.tell({ kind: 'offer', streamId, offer: message.offer });
        return;
      case 'refuse':
        if (this.#postedAtMs === undefined) this.#refuse(message.code, message.message, message.retryAfterMs);
        return;
      case 'give-up':
        return this.#giveUp(message.code, message.message);
      case 'stuck':
        if (this.#upstream !== undefined && this.#progress.steppedAtMs === message.sinceMs)
          this.#giveUp('upstream-stalled', message.message);
        return;
      case 'withdraw':
        return this.#withdraw();
      case 'answer':
        return this.#takeAnswer();
      case 'wake':
        return this.#wake();
    }
  }

  #takePart(part: Extract<JobMessage, { kind: 'part' }>): void {
    if (this.#assembly === undefined || this.#progress.phase !== 'receiving') return;
    const result = this.#assembly.add(part.index, part.last, part.bytes);
    if (result.kind === 'bad') this.#refuse('bad-request', result.message, 0);
    else if (result.kind === 'more') {
      this.#enter('receiving');
      this.#confirmParts();
    } else this.#takeLateBody(result.body);
  }

  /** Allows the session to send more parts of the body. Repeated with each beat, because the message may be lost. */
  #confirmParts(): void {
    if (this.#assembly === undefined || this.#progress.phase !== 'receiving') return;
    const { streamId } = this.#sender;
    this.#session.tell({ kind: 'parts', streamId, received: this.#assembly.received });
  }

  #takeBody(body: Uint8Array): void {
    this.#body = body;
    this.#facts = checkRequest(this.#task.open.route, body);
    this.#shape = readShape(this.#task.open.route, body);
    if (this.#facts.rejection !== undefined) {
      this.#send({ kind: 'head', status: 400, contentType: 'application/json; charset=utf-8' });
      this.#send({ kind: 'lines', lines: [JSON.stringify({ error: this.#facts.rejection })] });
      this.#send({ kind: 'end' });
      this.#leave('rejected');
      return;
    }
    this.#enter('queued');
  }

  #takeLateBody(body: Uint8Array): void {
    this.#takeBody(body);
    if (!this.#left)
      this.#task.instance.tell(
        { kind: 'job-ready', streamId: this.#task.open.streamId },
        { lane: 'control' },
      );
  }

  #post(): void {
    const { open, ollama, fleet } = this.#task;
    if (this.#left || this.#upstream !== undefined || this.#body === undefined) return;
    const waited = this.#sender.position > 0;
    this.#postedAtMs ??= this.#context.clock.now();
    this.#enter('waiting');
    this.#send({ kind: 'progress', phase: 'waiting', position: 0 });
    if (waited) this.#accept({ position: 0 });
    const reader = new AnswerReader(fleet.maxLineBytes, () =>
      this.#context.self.tell({ kind: 'answer' }, { lane: 'control' }),
    );
    this.#reader = reader;
    const fitted = this.#task.runners.fit(open.route, open.model, this.#body);
    this.#fitted = fitted;
    this.#upstream = ollama.post(ollamaPath(open.route), fitted.body, reader, this.#trace.posted());
  }

  #withdraw(): void {
    if (this.#left || this.#upstream === undefined || this.#reader === undefined || this.#reader.answered)
      return;
    this.#upstream.abort();
    this.#upstream = undefined;
    this.#reader = undefined;
    this.#progress = stepBack(this.#progress);
    this.#task.instance.tell(
      { kind: 'job-withdrew', streamId: this.#task.open.streamId },
      { lane: 'control' },
    );
  }

  #takeAnswer(): void {
    const reader = this.#reader;
    if (reader === undefined || this.#left) return;
    const step = reader.take();
    const { head, lines, moved, finish } = step;
    if (this.#progress.phase === 'waiting' && reader.answered) {
      // The body is not needed any more: the request is not posted again after the first byte.
      this.#body = undefined;
      this.#trace.answered(reader.status);
      this.#task.instance.tell(
        {
          kind: 'job-answered',
          streamId: this.#task.open.streamId,
          loads: reader.status < 400 && this.#task.open.route !== 'show' && !this.#facts.setsKeepAlive,
          reloaded: this.#noteRunner(reader.status),
        },
        { lane: 'control' },
      );
    }
    if (reader.answered && moved) this.#enter('streaming');
    if (moved) this.#task.recent.note(this.#task.open.model, this.#context.clock.now());
    this.#tally.take(step, reader.complete || finish?.kind === 'end');
    if (head !== undefined) this.#sendHead(head);
    if (lines.length > 0) this.#send({ kind: 'lines', lines });
    if (finish !== undefined) this.#finish(finish);
  }

  /** Tells the table whether the runner options worked. Returns true if the model was loaded with them just now. */
  #noteRunner(status: number): boolean {
    const { open, runners } = this.#task;
    const used = this.#fitted?.used;
    if (used === undefined || open.route === 'show') return false;
    if (status < 400) return runners.answered(open.model, used, this.#context.clock.now());
    // An error of the request itself says nothing about the runner.
    if (status >= 500) runners.failed(open.model, used);
    return false;
  }

  #sendHead({ status, contentType, headers, foreign }: AnswerHead): void {
    const changes = this.#fitted?.changes;
    const passed = pickPassedHeaders({ ...headers, [runnerOptionsHeader]: changes });
    this.#send({
      kind: 'head',
      status,
      contentType,
      ...(passed !== undefined && { headers: passed }),
      ...(foreign !== undefined && { foreign }),
    });
  }

  #finish(finish: AnswerFinish): void {
    if (this.#left) return;
    if (finish.kind === 'end') {
      this.#send({ kind: 'end' });
      this.#leave('completed');
      return;
    }
    const { requestId, model } = this.#task.open;
    const { code, message, excerpt } = finish;
    const facts = { requestId, model, url: this.#task.ollama.url, code, excerpt };
    this.#context.log.debug(facts, `an answer of Ollama failed: ${message}`);
    this.#send({ kind: 'fail', code, message });
    this.#leave(code, message, finish.nonsense);
  }

  #wake(): void {
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
    // The message about new bytes may have been refused by a full mailbox: takes the bytes before the deadlines are
    // checked.
    this.#takeAnswer();
    this.#confirmParts();
    const now = this.#context.clock.now();
    this.#readerWatch.wake(now);
    const verdict = decideProgress(this.#progress, this.#limits, now);
    if (verdict.kind === 'fail' || verdict.kind === 'look') {
      // The last line has arrived, although the connection is still open.
      if (this.#reader?.complete === true) this.#finish({ kind: 'end' });
      else if (verdict.kind === 'look') this.#reportSilence(now);
      else this.#giveUp(verdict.code, verdict.message);
    } else if (verdict.kind === 'body-lost') {
      this.#refuse('bad-request', verdict.message, 0);
    } else if (verdict.kind === 'forget') {
      this.#forget('deadline', 'the reader did not take the answer before the deadline');
    }
    this.#send({ kind: 'tick' });
  }

  /** The session before, if it still runs, learns that the answer goes elsewhere now. */
  #adopt({ streamId, grantedThrough, replyTo }: Extract<JobMessage, { kind: 'adopt' }>): void {
    if (this.#sender.keepMs === 0 || this.#sender.closed) return;
    const message = 'another gateway has taken the answer over';
    this.#session.tell({
      kind: 'fail',
      streamId: this.#sender.streamId,
      lines: 0,
      code: 'cancelled',
      message,
    });
    this.#session = replyTo;
    const nowMs = this.#context.clock.now();
    this.#readerWatch = new ReaderWatch(this.#context, replyTo, this.#task.presence, nowMs);
    // The ref first: the session sends its credit to the job.
    this.#sender.streamId = streamId;
    this.#accept({ position: this.#sender.position });
    this.#send({ kind: 'adopt', streamId, grantedThrough });
  }

  /** Asks the instance, which observes the state of Ollama, to judge the silence. */
  #reportSilence(nowMs: number): void {
    const { open, instance } = this.#task;
    const { steppedAtMs: sinceMs, phase } = this.#progress;
    this.#progress = lookLater(this.#progress, this.#limits, nowMs);
    const answered = phase === 'streaming';
    instance.tell(
      { kind: 'job-silent', streamId: open.streamId, sinceMs, answered, shape: this.#shape },
      { lane: 'control' },
    );
  }

  /** Tells the session the position of the request, and that this job receives its further messages. */
  #accept({ position, asks, etaMs }: Omit<Extract<SenderEvent, { kind: 'accept' }>, 'kind' | 'job'>): void {
    this.#send({ kind: 'accept', position, asks, etaMs, job: this.#context.self });
  }

  /** Passes an event to the sender and performs its effects. */
  #send(event: SenderEvent): void {
    for (const effect of decideSend(this.#sender, event, this.#context.clock.now())) {
      if (effect.kind === 'send') this.#session.tell(effect.message, patient);
      else if (effect.kind === 'abort') this.#leave(effect.code, effect.message);
    }
  }

  /** Ends the stream as failed, from this side. */
  #giveUp(code: FailureCode, message: string): void {
    if (this.#left) this.#forget(code, message);
    else this.#send({ kind: 'fail', code, message });
    this.#leave(code, message);
  }

  /** Gives up a receiver that still misses lines. The `fail` names line 0, which a receiver accepts in any state. */
  #forget(code: FailureCode, message: string): void {
    if (this.#sender.closed) return;
    this.#sender.closed = true;
    this.#session.tell({ kind: 'fail', streamId: this.#sender.streamId, lines: 0, code, message });
  }

  #refuse(code: RefusalCode, message: string, retryAfterMs: number): void {
    if (this.#left) return;
    const { streamId } = this.#sender;
    this.#session.tell({ kind: 'refused', streamId, code, message, retryAfterMs });
    this.#leave({ refused: code });
    this.#sender.closed = true;
  }

  /** Leaves queue and slot, once: closes Ollama's connection and reports the outcome to the instance. */
  #leave(how: JobOutcome['how'], detail = '', nonsense = false): void {
    if (this.#left) return;
    this.#left = true;
    // Nothing shows that the model was loaded: Ollama gives up a load whose client has left.
    if (this.#fitted !== undefined && this.#reader?.answered === false)
      this.#task.runners.failed(this.#task.open.model, this.#fitted.used);
    const disconnected = this.#upstream !== undefined && how !== 'completed' && how !== 'upstream-lost';
    const leftWhileAnswered = disconnected && (this.#tally.lines > 0 || mayBeAnswering(this.#shape));
    this.#upstream?.abort();
    this.#upstream = undefined;
    this.#reader = undefined;
    this.#body = undefined;
    this.#enter('lingering');
    // The sender ends a kept stream by itself.
    if (this.#sender.keepMs > 0)
      this.#progress = { ...this.#progress, deadlineAtMs: Number.POSITIVE_INFINITY };
    const upstreamMs = this.#postedAtMs === undefined ? 0 : this.#context.clock.now() - this.#postedAtMs;
    const outcome = {
      how,
      upstreamMs,
      lines: this.#tally.lines,
      leftWhileAnswered,
      lesson: this.#tally.lesson(this.#shape),
      refusal: this.#tally.refusal,
      detail,
      nonsense,
      setsKeepAlive: this.#facts.setsKeepAlive,
    };
    this.#trace.left(how, this.#tally.measures);
    this.#task.instance.tell(
      { kind: 'job-left', streamId: this.#task.open.streamId, outcome },
      { lane: 'control' },
    );
  }

  /** The node-agent stops, or the instance failed: ends the stream now, before the session detects the silence. */
  #stop(): void {
    this.#forget('upstream-lost', 'the node agent stopped');
    this.#leave('upstream-lost');
  }

  #enter(phase: JobPhase): void {
    this.#progress = enterPhase(this.#progress, phase, this.#limits, this.#context.clock.now());
  }

  /** One timer serves all deadlines; it is only ever moved to an earlier instant. */
  #armWake(): void {
    const progressAtMs = progressWakeAtMs(this.#progress, this.#limits);
    const dueAtMs = Math.min(senderWakeAtMs(this.#sender), progressAtMs, this.#readerWatch.dueAtMs);
    if (dueAtMs >= this.#wakeAtMs) return;
    this.#wakeAtMs = dueAtMs;
    this.#context.setTimer('wake', Math.max(0, dueAtMs - this.#context.clock.now()), { kind: 'wake' });
  }
}
