/**
 * The session actor: one call of the fleet, over all its attempts.
 *
 *   choosing ──open──▶ attempt (a stream receiver) ──end──▶ done
 *      ▲  │                 │ refused or lost, nothing delivered
 *      │  └─ wait / fail    │
 *      └────────────────────┘
 *
 * It decides nothing itself: `decideAttempt` chooses, `decideReceive` runs the stream, this shell performs.
 */
import { type ActorContext, type Behaviour, type Props, props, receive, setup } from '@drover/actor-core';
import { type InstanceMessage, instancePath } from '../protocol/instance-message.ts';
import { type SessionMessage, sessionMessageSchema } from '../protocol/session-message.ts';
import { type InstanceEvidence, instanceKey } from '../load/load-table.ts';
import {
  createReceiver,
  decideReceive,
  type ReceiverEffect,
  type ReceiverOutcome,
  receiverWakeAtMs,
} from '../stream/stream-receiver.ts';
import { type Attempt, createAttempt, saysThatItRan, sendParts } from './attempt.ts';
import { type AttemptFailure, candidatesFor, decideAttempt } from './decide-attempt.ts';
import { CallAnswer } from './call-answer.ts';
import { CallFacts } from './call-facts.ts';
import type { CallRecord, SessionShared } from './call-record.ts';
import { Waiting } from './waiting.ts';
import type { HostAnswer } from './host-answer.ts';
import { type DecisionTrail, endingOf } from './decision-log.ts';
import { explainCandidates } from './explain-candidates.ts';
import { HostJudge } from './host-judge.ts';
import { refusedByHost } from './telling-answer.ts';
import type { SessionInput } from './session-input.ts';
import { fleetErrorCode, hostFailure, mayTryElsewhere } from './failure-codes.ts';
import { bodyParts, openMessage } from './open-request.ts';
import { bodyPartBytesFor } from '../protocol/stream-open.ts';

const control = { lane: 'control' } as const;
const done: Behaviour<SessionInput> = { kind: 'stopped' };

export function sessionProps(shared: SessionShared, record: CallRecord): Props<SessionInput> {
  return props<SessionInput>(() => setup((context) => new Session(shared, record, context).behaviour()), {
    // Credit bounds what may be under way; a resume may bring it twice.
    mailbox: { capacity: 2 * shared.config.windowLines + 64 },
    restart: 'temporary',
    protocol: sessionMessageSchema,
  });
}

class Session {
  readonly #shared: SessionShared;
  readonly #record: CallRecord;
  readonly #context: ActorContext<SessionInput>;
  readonly #judge: HostJudge;
  readonly #trail: DecisionTrail;
  readonly #answer: CallAnswer;
  readonly #facts: CallFacts;
  readonly #waiting: Waiting;
  #attempt: Attempt | undefined;
  #waitUntilMs = 0;
  /** When the one timer fires; undefined while none is set. */
  #armedAtMs: number | undefined;
  #cancelled = false;

  constructor(shared: SessionShared, record: CallRecord, context: ActorContext<SessionInput>) {
    this.#shared = shared;
    this.#record = record;
    this.#context = context;
    this.#judge = new HostJudge(shared, record);
    this.#trail = shared.decisions.begin(record.request.requestId, record.request.model);
    this.#answer = new CallAnswer(record, context.clock, this.#judge, this.#trail);
    this.#facts = new CallFacts(shared, record, context.clock, this.#judge);
    this.#waiting = new Waiting(shared, record, context, () => this.#facts.now());
  }

  behaviour(): Behaviour<SessionInput> {
    if (this.#record.cancelled === undefined) this.#choose();
    else this.#answer.fail('cancelled', this.#record.cancelled, 0);
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
    this.#waiting.end('the call ended');
    return done;
  }

  #handle(message: SessionInput): void {
    const attempt = this.#attempt;
    switch (message.kind) {
      case 'tick':
        this.#armedAtMs = undefined;
        this.#tick();
        break;
      case 'load-changed':
        if (attempt === undefined) this.#choose();
        else this.#waiting.keep(attempt);
        break;
      case 'offer':
        this.#offered(message);
        break;
      case 'bus':
        this.#connectionChanged(message.connected);
        break;
      case 'host-gone':
        if (attempt?.evidence.node === message.node) this.#hear(attempt, message);
        break;
      case 'cancel':
        this.#cancelled = true;
        if (attempt === undefined) this.#answer.fail('cancelled', message.reason, 0);
        else this.#hear(attempt, message);
        break;
      case 'taken':
        if (attempt !== undefined) this.#hear(attempt, message);
        break;
      default:
        // Anything else is of an attempt that was given up.
        if (attempt?.streamId !== message.streamId) break;
        if (!attempt.receiver.heard) attempt.pending.accepted();
        if (message.kind === 'accepted' && message.job !== undefined) attempt.stream = message.job;
        if (saysThatItRan(message)) attempt.started = true;
        if (message.kind === 'parts') {
          attempt.partsReceived = Math.max(attempt.partsReceived, message.received);
          sendParts(attempt, this.#record.request.body);
        }
        this.#hear(attempt, message);
        if (this.#attempt === attempt) this.#waiting.heard(attempt, message);
    }
  }

  /** Decides the next step while no attempt is under way. */
  #choose(): void {
    const { config } = this.#shared;
    const { policy, routed } = this.#record;
    const facts = this.#facts.now();
    const decision = decideAttempt(facts, (candidates) => policy(routed, candidates), config);
    const chosen = decision.kind === 'open' ? decision.instance : undefined;
    // While the request runs, the last decision that chose an instance is more informative.
    if (chosen !== undefined || this.#facts.failures.length === 0)
      this.#trail.decided(explainCandidates(facts, chosen, this.#shared.health, config));
    this.#record.waiting = decision.kind === 'wait';
    if (decision.kind === 'open') this.#open(decision.instance);
    else if (decision.kind === 'answer') {
      const trialMs = this.#judge.retryAfterMs(this.#facts.tried);
      this.#answer.refuse(decision.failure, Math.max(decision.retryAfterMs, trialMs));
    } else if (decision.kind === 'wait')
      this.#waitUntilMs = Math.min(decision.untilMs, this.#record.deadlineAtMs);
    else this.#answer.fail(decision.code, decision.message, decision.retryAfterMs, decision.node);
  }

  #open(evidence: InstanceEvidence): void {
    const { node, config, load } = this.#shared;
    const { deadlineAtMs, request } = this.#record;
    const nowMs = this.#context.clock.now();
    // The deadline may have passed during the choice: send no request whose time is already over.
    if (nowMs >= deadlineAtMs) return this.#choose();
    const queue = this.#waiting.queueFacts;
    const attempt = createAttempt(
      this.#waiting.streamIdFor(evidence),
      evidence,
      node.system.refFor<InstanceMessage>(evidence.node, instancePath(evidence.load.name)),
      load.open(evidence),
      createReceiver(deadlineAtMs, config, nowMs),
      nowMs + config.acceptTimeoutMs,
      bodyPartBytesFor(node.transport.maxPayloadBytes),
    );
    this.#facts.tried.add(instanceKey(evidence));
    this.#attempt = attempt;
    this.#judge.opened(attempt);
    this.#trail.opened({ node: evidence.node, instance: evidence.load.name });
    this.#record.servedBy = { node: evidence.node, incarnation: evidence.nodeIncarnation };
    const { streamId } = attempt;
    const timeoutMs = deadlineAtMs - nowMs;
    const { self } = this.#context;
    const size = attempt.partBytes;
    attempt.instance.tell(openMessage(request, streamId, timeoutMs, config.windowLines, size, queue, self));
    sendParts(attempt, request.body);
  }

  #tick(): void {
    const attempt = this.#attempt;
    if (attempt === undefined) {
      this.#choose();
      return;
    }
    if (this.#maybeLeave(attempt)) return;
    if (this.#context.clock.now() >= receiverWakeAtMs(attempt.receiver))
      this.#hear(attempt, { kind: 'tick' });
  }

  /** Gives up an instance that has not said a word, early, if there is another one. True when it did. */
  #maybeLeave(attempt: Attempt): boolean {
    const nowMs = this.#context.clock.now();
    const { acceptByMs, receiver, evidence } = attempt;
    if (acceptByMs === undefined || nowMs < acceptByMs) return false;
    const { ownStallMs, maxAttempts, acceptTimeoutMs } = this.#shared.config;
    if (nowMs - acceptByMs >= ownStallMs && !attempt.stallForgiven) {
      // This process stood still: the answer may lie unread.
      attempt.stallForgiven = true;
      attempt.acceptByMs = nowMs + ownStallMs;
      return false;
    }
    attempt.acceptByMs = undefined;
    if (receiver.heard || !receiver.connected || this.#facts.failures.length + 1 >= maxAttempts) return false;
    if (candidatesFor(this.#facts.now()).length === 0) return false;
    const message = `did not answer within ${acceptTimeoutMs} ms`;
    this.#shared.load.suspect(evidence.node);
    attempt.stream.tell({ kind: 'cancel', streamId: attempt.streamId, reason: message }, control);
    this.#tryElsewhere(attempt, { code: 'host-lost', refusal: undefined, message, retryAfterMs: 0 });
    return true;
  }

  /** Handles an offered slot. At an instance without the body, sends the body there unless the request has a slot by now. */
  #offered(offer: Extract<SessionMessage, { kind: 'offer' }>): void {
    const attempt = this.#attempt;
    const evidence = this.#waiting.offered(offer, attempt);
    if (evidence === undefined) return;
    if (attempt !== undefined) {
      const { streamId, stream } = attempt;
      stream.tell({ kind: 'cancel', streamId, reason: 'another instance has a slot' }, control);
      // The old instance stays eligible in case the new one refuses.
      this.#facts.tried.delete(instanceKey(attempt.evidence));
      const { node, load } = evidence;
      attempt.ending = { outcome: 'moved', message: `${load.name} on ${node} has a free slot` };
      this.#endAttempt(attempt);
    }
    this.#open(evidence);
  }

  #connectionChanged(connected: boolean): void {
    const attempt = this.#attempt;
    if (attempt === undefined) this.#choose();
    else if (connected && this.#mayBeIncomplete(attempt)) {
      // The `open` or parts of the body may be lost with the connection. A fresh attempt asks the same anew.
      const reason = 'the bus was away before an answer';
      attempt.stream.tell({ kind: 'cancel', streamId: attempt.streamId, reason }, control);
      this.#facts.tried.delete(instanceKey(attempt.evidence));
      attempt.ending = { outcome: 'given-up', message: reason };
      this.#endAttempt(attempt);
      this.#choose();
    } else this.#hear(attempt, { kind: 'bus', connected });
  }

  /** Nothing was heard, or parts of the body may have been on their way: as far as known nothing ran yet. */
  #mayBeIncomplete({ receiver, started, partBytes }: Attempt): boolean {
    return !receiver.heard || (!started && bodyParts(this.#record.request.body, partBytes) > 0);
  }

  #hear(attempt: Attempt, event: Parameters<typeof decideReceive>[1]): void {
    for (const effect of decideReceive(attempt.receiver, event, this.#context.clock.now())) {
      this.#perform(attempt, effect);
    }
    if (attempt.receiver.pieceUnits !== attempt.partialUnits) this.#countPartial(attempt);
  }

  /** A long line is held here until it is whole, before any reader can count it: all of them share one bound. */
  #countPartial(attempt: Attempt): void {
    const { partial, config } = this.#shared;
    const { receiver, streamId, stream } = attempt;
    const units = this.#attempt === attempt ? receiver.pieceUnits : 0;
    partial.units += units - attempt.partialUnits;
    attempt.partialUnits = units;
    if (partial.units <= config.maxPartialUnits) return;
    const message = `long lines hold ${partial.units} units here, maxPartialUnits is ${config.maxPartialUnits}`;
    stream.tell({ kind: 'cancel', streamId, reason: message }, control);
    this.#endAttempt(attempt);
    this.#answer.fail('queue-full', message, 1_000);
  }

  #perform(attempt: Attempt, effect: ReceiverEffect): void {
    const { streamId, stream } = attempt;
    switch (effect.kind) {
      case 'head':
        attempt.head = effect;
        break;
      case 'deliver':
        if (this.#answer.deliver(attempt, effect.lines, effect.count))
          this.#hear(attempt, { kind: 'taken', count: effect.count });
        break;
      case 'grant':
        stream.tell({ kind: 'grant', streamId, through: effect.through, received: effect.received }, control);
        break;
      case 'resume':
        stream.tell({ kind: 'resume', streamId, from: effect.from }, control);
        break;
      case 'cancel':
        stream.tell({ kind: 'cancel', streamId, reason: effect.reason }, control);
        break;
      case 'finished':
        this.#finished(attempt, effect.outcome);
        break;
    }
  }

  /** Handles a complete held-back answer: a fault of the request goes to the client at once, else another host is tried. */
  #refusedByHost(attempt: Attempt, answer: HostAnswer): void {
    const failure = refusedByHost(answer);
    const { subject } = answer;
    if (subject !== 'request') {
      const { message: reason, retryAfterMs } = failure;
      if (subject !== 'way') this.#judge.failed(attempt, { subject, reason, retryAfterMs });
      this.#tryElsewhere(attempt, failure);
      return;
    }
    const { node, load } = attempt.evidence;
    attempt.ending = { outcome: 'refused', message: answer.text };
    this.#endAttempt(attempt);
    this.#answer.refuse({ node, instance: load.name, simulated: load.simulated, ...failure }, 0);
  }

  #finished(attempt: Attempt, outcome: ReceiverOutcome): void {
    if (outcome.kind === 'end' && attempt.kept !== undefined) {
      this.#refusedByHost(attempt, attempt.kept.finish());
      return;
    }
    if (outcome.kind === 'end') {
      attempt.ending = { outcome: this.#answer.finish(attempt) };
      this.#endAttempt(attempt);
      return;
    }
    const { evidence } = attempt;
    const code = this.#cancelled ? 'cancelled' : fleetErrorCode(outcome);
    const failure = hostFailure(outcome, this.#record.call.headResolved);
    if (failure !== undefined && !this.#cancelled) this.#judge.failed(attempt, failure);
    if (outcome.kind === 'failed' && outcome.code === 'host-lost') this.#shared.load.suspect(evidence.node);
    if (!this.#cancelled && !this.#record.call.headResolved && mayTryElsewhere(outcome)) {
      const refusal = outcome.kind === 'refused' ? outcome.code : undefined;
      const retryAfterMs = outcome.kind === 'refused' ? outcome.retryAfterMs : 0;
      this.#tryElsewhere(attempt, { code, refusal, message: outcome.message, retryAfterMs });
      return;
    }
    attempt.ending = { outcome: this.#cancelled ? 'given-up' : 'failed', code, message: outcome.message };
    this.#endAttempt(attempt);
    const message = this.#cancelled
      ? outcome.message
      : `${evidence.load.name} on ${evidence.node}: ${outcome.message}`;
    this.#answer.fail(
      code,
      message,
      code === 'host-lost' || code === 'bus-unavailable' ? 1_000 : 0,
      evidence.node,
    );
  }

  #tryElsewhere(attempt: Attempt, failure: Omit<AttemptFailure, 'node' | 'instance' | 'simulated'>): void {
    const { node, load } = attempt.evidence;
    const { requestId } = this.#record.request;
    this.#facts.failures.push({ node, instance: load.name, simulated: load.simulated, ...failure });
    attempt.ending = endingOf(failure);
    this.#endAttempt(attempt);
    if (candidatesFor(this.#facts.now()).length > 0)
      this.#judge.payForRetry(attempt, this.#context.clock.now());
    const { log } = this.#context;
    log.debug(
      { requestId, node, instance: load.name, code: failure.code, detail: failure.message },
      'attempt failed',
    );
    this.#choose();
  }

  #endAttempt(attempt: Attempt): void {
    this.#judge.ended(attempt);
    this.#trail.closed(attempt.head?.status, attempt.ending ?? { outcome: 'given-up' });
    attempt.pending.release();
    this.#shared.partial.units -= attempt.partialUnits;
    attempt.partialUnits = 0;
    this.#record.queued = false;
    this.#attempt = undefined;
    this.#record.servedBy = undefined;
  }

  /** Sets the one timer, unless it fires early enough already. */
  #arm(): void {
    const attempt = this.#attempt;
    let wakeAtMs = this.#waitUntilMs;
    if (attempt !== undefined) {
      wakeAtMs = Math.min(receiverWakeAtMs(attempt.receiver), attempt.acceptByMs ?? Number.POSITIVE_INFINITY);
    }
    if (this.#armedAtMs !== undefined && this.#armedAtMs <= wakeAtMs) return;
    this.#armedAtMs = wakeAtMs;
    this.#context.setTimer('wake', Math.max(0, wakeAtMs - this.#context.clock.now()), { kind: 'tick' });
  }

  /** The actor ends: whatever the reason, the instance and the caller must not be left waiting. */
  #stop(): void {
    const attempt = this.#attempt;
    if (attempt !== undefined) {
      const { streamId, stream } = attempt;
      stream.tell({ kind: 'cancel', streamId, reason: 'the session ended' }, control);
      this.#endAttempt(attempt);
    }
    this.#waiting.end('the session ended');
    this.#answer.fail('cancelled', 'the session ended before the answer was complete', 0);
  }
}
