/**
 * The fleet session: the actor that runs one call of the fleet client, over all its attempts.
 *
 *   choosing ──open──▶ attempt (a stream receiver) ──end──▶ done
 *      ▲  │                 │ refused or lost, nothing delivered
 *      │  └─ wait / fail    │
 *      └────────────────────┘
 *
 * Pure functions decide: `decideAttempt` chooses the instance, `decideReceive` runs the stream, `decideOutcome` decides
 * what follows from its end. This actor performs the decisions.
 */
import { type ActorContext, type Behaviour, type Props, props, receive, setup } from '@drover/actor-core';
import { type InstanceEvidence, instanceKey } from '../load/load-table.ts';
import { type InstanceMessage, instancePath } from '../protocol/instance-message.ts';
import { type SessionMessage, sessionMessageSchema } from '../protocol/session-message.ts';
import { bodyPartBytesFor } from '../protocol/stream-open.ts';
import { residencyKeyOf } from '../routing/residency-key.ts';
import { createReceiver, type ReceiverOutcome, receiverWakeAtMs } from '../stream/stream-receiver.ts';
import { type Attempt, checkAcceptTime, createAttempt, sendParts, showsStart } from './attempt.ts';
import { type AttemptFailure, instanceFacts } from './attempt-failure.ts';
import { AttemptStream } from './attempt-stream.ts';
import { CallAnswer } from './call-answer.ts';
import { CallFacts } from './call-facts.ts';
import { CallHealth } from './call-health.ts';
import type { CallRecord, SessionShared } from './call-record.ts';
import { candidatesFor, decideAttempt } from './decide-attempt.ts';
import { decideOutcome } from './decide-outcome.ts';
import { type AttemptEnding, type DecisionTrail, endingOf } from './decision-log.ts';
import { explainCandidates } from './explain-candidates.ts';
import { adoptMessage, bodyParts, openMessage } from './open-request.ts';
import { signFor } from './sign-request.ts';
import type { SessionInput } from './session-input.ts';
import { SlotWait } from './slot-wait.ts';

const control = { lane: 'control' } as const;
/** A request may share a bus message with others. */
const patient = { mayWait: true } as const;
const done: Behaviour<SessionInput> = { kind: 'stopped' };

export function sessionProps(shared: SessionShared, record: CallRecord): Props<SessionInput> {
  return props<SessionInput>(
    () => setup((context) => new FleetSession(shared, record, context).behaviour()),
    {
      // Credit limits the chunks on their way; a resume may repeat them once.
      mailbox: { capacity: 2 * shared.config.windowLines + 64 },
      restart: 'temporary',
      protocol: sessionMessageSchema,
    },
  );
}

class FleetSession {
  readonly #shared: SessionShared;
  readonly #record: CallRecord;
  readonly #context: ActorContext<SessionInput>;
  readonly #health: CallHealth;
  readonly #trail: DecisionTrail;
  readonly #answer: CallAnswer;
  readonly #facts: CallFacts;
  readonly #slotWait: SlotWait;
  readonly #stream: AttemptStream;
  #attempt: Attempt | undefined;
  #waitUntilMs = 0;
  /** When the only timer fires; undefined while it is not set. */
  #armedAtMs: number | undefined;
  #cancelled = false;

  constructor(shared: SessionShared, record: CallRecord, context: ActorContext<SessionInput>) {
    this.#shared = shared;
    this.#record = record;
    this.#context = context;
    this.#health = new CallHealth(shared, record);
    const { requestId, model, tenant, continues } = record.request;
    const earlier = continues !== undefined ? shared.decisions.reopen(requestId, tenant) : undefined;
    this.#trail = earlier ?? shared.decisions.begin(requestId, model, tenant);
    this.#answer = new CallAnswer(record, context.clock, this.#health, this.#trail);
    this.#facts = new CallFacts(shared, record, context.clock, this.#health);
    this.#slotWait = new SlotWait(shared, record, context, () => this.#facts.now());
    this.#stream = new AttemptStream(shared, this.#answer, context.clock, {
      finished: (attempt, outcome) => this.#finished(attempt, outcome),
      overflowed: (attempt, message) => this.#overflowed(attempt, message),
    });
  }

  behaviour(): Behaviour<SessionInput> {
    const { adopts } = this.#record;
    if (this.#record.cancelled === undefined) {
      if (adopts === undefined) this.#choose();
      else this.#open(adopts.evidence, adopts.streamId);
    } else this.#answer.fail('cancelled', this.#record.cancelled, 0);
    if (this.#record.call.ended) return this.#over();
    this.#arm();
    return receive<SessionInput>(
      (message) => {
        this.#handle(message);
        if (this.#record.call.ended) return this.#over();
        this.#arm();
        return undefined;
      },
      (signal) => {
        if (signal.type === 'post-stop') this.#stop();
      },
    );
  }

  #over(): Behaviour<SessionInput> {
    this.#slotWait.end('the call ended');
    return done;
  }

  #handle(message: SessionInput): void {
    const attempt = this.#attempt;
    switch (message.kind) {
      case 'tick':
        this.#armedAtMs = undefined;
        return this.#tick();
      case 'load-changed':
        return attempt === undefined ? this.#choose() : this.#slotWait.renew(attempt);
      case 'offer':
        return this.#offered(message);
      case 'bus':
        return this.#connectionChanged(message.connected);
      case 'host-gone':
        if (attempt?.evidence.node === message.node) this.#stream.receive(attempt, message);
        return;
      case 'cancel':
        this.#cancelled = true;
        return attempt === undefined
          ? this.#answer.fail('cancelled', message.reason, 0)
          : this.#stream.receive(attempt, message);
      case 'consumed':
        if (attempt !== undefined) this.#stream.receive(attempt, message);
        return;
      default:
        // Messages of an attempt that was given up are ignored.
        if (attempt?.streamId === message.streamId) this.#receive(attempt, message);
    }
  }

  /** Handles a message of the instance or its job about the current attempt. */
  #receive(attempt: Attempt, message: SessionMessage): void {
    if (!attempt.receiver.answered) attempt.pending.accepted();
    if (message.kind === 'accepted' && message.job !== undefined) attempt.stream = message.job;
    if (showsStart(message)) attempt.started = true;
    if (message.kind === 'parts') {
      attempt.partsReceived = Math.max(attempt.partsReceived, message.received);
      sendParts(attempt, this.#record.request.body);
    }
    this.#stream.receive(attempt, message);
    if (this.#attempt === attempt) this.#slotWait.receive(attempt, message);
  }

  /** Decides the next step while no attempt is under way. */
  #choose(): void {
    const { config } = this.#shared;
    // A kept stream is at one instance only: it is not run again.
    if (this.#record.adopts !== undefined) return this.#loseAdopted();
    const { policy, routed } = this.#record;
    const facts = this.#facts.now();
    const usable = candidatesFor(facts).length;
    const healthMs = this.#trail.preciseMs;
    const decision = decideAttempt(facts, (candidates) => policy(routed, candidates), config);
    const chosen = decision.kind === 'open' ? decision.instance : undefined;
    const avoided = facts.avoided?.size ?? 0;
    this.#trail.routed({ healthMs, breakerMs: this.#trail.preciseMs, usable, avoided });
    // While the request runs, the last decision that chose an instance is more informative.
    if (chosen !== undefined || this.#facts.failures.length === 0)
      this.#trail.decided(explainCandidates(facts, chosen, this.#shared.health, config));
    this.#record.waiting = decision.kind === 'wait';
    if (decision.kind === 'open') this.#open(decision.instance);
    else if (decision.kind === 'answer') {
      const trialMs = this.#health.retryAfterMs(this.#facts.tried);
      this.#answer.refuse(decision.failure, Math.max(decision.retryAfterMs, trialMs));
    } else if (decision.kind === 'wait')
      this.#waitUntilMs = Math.min(decision.untilMs, this.#record.deadlineAtMs);
    else this.#answer.fail(decision.code, decision.message, decision.retryAfterMs, decision.node);
  }

  /** @param adopts the kept stream to adopt, instead of opening one */
  #open(evidence: InstanceEvidence, adopts?: string): void {
    const { node, config, load } = this.#shared;
    const { deadlineAtMs, request } = this.#record;
    const nowMs = this.#context.clock.now();
    // The deadline may have passed during the choice: send no request whose time is already over.
    if (nowMs >= deadlineAtMs) return this.#choose();
    const queue = this.#slotWait.queueFacts;
    const attempt = createAttempt({
      streamId: this.#slotWait.streamIdFor(evidence),
      evidence,
      instance: node.system.refFor<InstanceMessage>(evidence.node, instancePath(evidence.load.name)),
      pending: load.open(evidence),
      receiver: createReceiver(deadlineAtMs, config, nowMs),
      acceptByMs: nowMs + config.acceptTimeoutMs,
      partBytes: bodyPartBytesFor(node.transport.maxPayloadBytes),
    });
    this.#facts.tried.add(instanceKey(evidence));
    this.#attempt = attempt;
    this.#health.opened(attempt);
    const residencyKey = residencyKeyOf(evidence, this.#record.routed);
    this.#trail.opened({ node: evidence.node, instance: evidence.load.name, residencyKey });
    this.#record.servedBy = { node: evidence.node, incarnation: evidence.nodeIncarnation };
    const principal = signFor(this.#shared, this.#record, evidence.node);
    const facts = {
      streamId: attempt.streamId,
      timeoutMs: deadlineAtMs - nowMs,
      grantedThrough: config.windowLines,
      partBytes: attempt.partBytes,
      queue,
      principal,
      replyTo: this.#context.self,
    };
    if (adopts !== undefined) return attempt.instance.tell(adoptMessage(request, adopts, facts), patient);
    const options = request.trace === undefined ? patient : { ...patient, trace: request.trace };
    attempt.instance.tell(openMessage(request, facts), options);
    sendParts(attempt, request.body);
  }

  #loseAdopted(): void {
    const { message = 'the instance that kept the answer is gone', code = 'host-lost' } =
      this.#facts.failures.at(-1) ?? {};
    this.#answer.fail(code, message, 0);
  }

  #tick(): void {
    const attempt = this.#attempt;
    if (attempt === undefined) return this.#choose();
    const nowMs = this.#context.clock.now();
    if (checkAcceptTime(attempt, nowMs, this.#shared.config) === 'due' && this.#maybeLeave(attempt)) return;
    if (nowMs >= receiverWakeAtMs(attempt.receiver)) this.#stream.receive(attempt, { kind: 'tick' });
  }

  /**
   * Gives up an instance that has not answered at all if there is another candidate. Returns true if it gave the
   * instance up.
   */
  #maybeLeave(attempt: Attempt): boolean {
    const { maxAttempts, acceptTimeoutMs } = this.#shared.config;
    const { answered, connected } = attempt.receiver;
    if (answered || !connected || this.#facts.failures.length + 1 >= maxAttempts) return false;
    if (candidatesFor(this.#facts.now()).length === 0) return false;
    const message = `did not answer within ${acceptTimeoutMs} ms`;
    this.#shared.load.suspect(attempt.evidence.node);
    this.#cancelAttempt(attempt, message);
    const failure = { code: 'host-lost', refusal: undefined, message, retryAfterMs: 0 } as const;
    this.#tryElsewhere(attempt, { ...instanceFacts(attempt.evidence), ...failure });
    return true;
  }

  /**
   * Handles an offered slot. If the offering instance does not have the body, the body is sent to it, unless the
   * request has got a slot elsewhere in the meantime.
   */
  #offered(offer: Extract<SessionMessage, { kind: 'offer' }>): void {
    const attempt = this.#attempt;
    const evidence = this.#slotWait.offered(offer, attempt);
    if (evidence === undefined) return;
    if (attempt !== undefined) {
      const { node, load } = evidence;
      this.#cancelAttempt(attempt, 'another instance has a slot');
      // The old instance stays a candidate in case the new one refuses.
      this.#facts.tried.delete(instanceKey(attempt.evidence));
      this.#endAttempt(attempt, {
        outcome: 'moved',
        message: `${load.name} on ${node} has a free slot`,
      });
    }
    this.#open(evidence);
  }

  #connectionChanged(connected: boolean): void {
    const attempt = this.#attempt;
    if (attempt === undefined) this.#choose();
    else if (connected && this.#mayBeIncomplete(attempt)) {
      // The `open` or parts of the body may be lost with the connection: send the request again.
      const reason = 'the bus disconnected before an answer';
      this.#cancelAttempt(attempt, reason);
      this.#facts.tried.delete(instanceKey(attempt.evidence));
      this.#endAttempt(attempt, { outcome: 'given-up', message: reason });
      this.#choose();
    } else this.#stream.receive(attempt, { kind: 'bus', connected });
  }

  /**
   * True if the instance has not answered or may lack parts of the body: as far as this session knows, Ollama does not
   * have the request yet.
   */
  #mayBeIncomplete({ receiver, started, partBytes }: Attempt): boolean {
    return !receiver.answered || (!started && bodyParts(this.#record.request.body, partBytes) > 0);
  }

  #overflowed(attempt: Attempt, message: string): void {
    this.#cancelAttempt(attempt, message);
    this.#endAttempt(attempt);
    this.#answer.fail('queue-full', message, 1_000);
  }

  /** Performs what `decideOutcome` decides about the end of an attempt's stream. */
  #finished(attempt: Attempt, outcome: ReceiverOutcome): void {
    const { evidence } = attempt;
    const decision = decideOutcome({
      outcome,
      heldAnswer: outcome.kind === 'end' ? attempt.held?.finish() : undefined,
      cancelled: this.#cancelled,
      headDelivered: this.#record.call.headResolved,
      evidence,
    });
    if (decision.hostFailure !== undefined) this.#health.failed(attempt, decision.hostFailure);
    if (decision.suspectNode === true) this.#shared.load.suspect(evidence.node);
    switch (decision.kind) {
      case 'served':
        return this.#endAttempt(attempt, { outcome: this.#answer.finish(attempt) });
      case 'refuse':
        this.#endAttempt(attempt, endingOf(decision.failure));
        return this.#answer.refuse(decision.failure, 0);
      case 'try-elsewhere':
        return this.#tryElsewhere(attempt, decision.failure);
      case 'fail':
        this.#endAttempt(attempt, decision.ending);
        this.#answer.fail(decision.code, decision.message, decision.retryAfterMs, evidence.node);
    }
  }

  #tryElsewhere(attempt: Attempt, failure: AttemptFailure): void {
    const { requestId } = this.#record.request;
    const { node, instance, code, message: detail } = failure;
    this.#facts.failures.push(failure);
    this.#endAttempt(attempt, endingOf(failure));
    if (candidatesFor(this.#facts.now()).length > 0)
      this.#health.payForRetry(attempt, this.#context.clock.now());
    this.#context.log.debug({ requestId, node, instance, code, detail }, 'attempt failed');
    this.#choose();
  }

  /** Has the node-agent close its connection to Ollama, if there is one. */
  #cancelAttempt({ stream, streamId }: Attempt, reason: string): void {
    stream.tell({ kind: 'cancel', streamId, reason }, control);
  }

  #endAttempt(attempt: Attempt, ending: AttemptEnding = { outcome: 'given-up' }): void {
    this.#health.ended(attempt);
    this.#trail.closed(attempt.head?.status, ending);
    attempt.pending.release();
    attempt.ended = true;
    this.#shared.partial.units -= attempt.partialUnits;
    attempt.partialUnits = 0;
    this.#record.queued = false;
    this.#attempt = undefined;
    this.#record.servedBy = undefined;
  }

  /** Sets the only timer, unless it fires early enough already. */
  #arm(): void {
    const attempt = this.#attempt;
    let wakeAtMs = this.#waitUntilMs;
    if (attempt !== undefined)
      wakeAtMs = Math.min(receiverWakeAtMs(attempt.receiver), attempt.acceptByMs ?? Number.POSITIVE_INFINITY);
    if (this.#armedAtMs !== undefined && this.#armedAtMs <= wakeAtMs) return;
    this.#armedAtMs = wakeAtMs;
    this.#context.setTimer('wake', Math.max(0, wakeAtMs - this.#context.clock.now()), { kind: 'tick' });
  }

  /**
   * Runs when the actor stops for any reason. Ends the stream and the call, so that neither the job nor the caller
   * waits.
   */
  #stop(): void {
    const attempt = this.#attempt;
    if (attempt !== undefined) {
      // A kept stream goes on for a session that comes later.
      if ((this.#record.request.keepMs ?? 0) === 0 || this.#cancelled)
        this.#cancelAttempt(attempt, 'the session ended');
      this.#endAttempt(attempt);
    }
    this.#slotWait.end('the session ended');
    this.#answer.fail('cancelled', 'the session ended before the answer was complete', 0);
  }
}
