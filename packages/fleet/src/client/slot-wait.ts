/**
 * The part of a call that waits for a slot. The body waits at one instance; at the other candidates the call reserves a
 * place in the queue, ordered by the age of the request. The first instance with a free slot offers the slot to the
 * call:
 *
 *   accepted, asks ─▶ reserve at the others ─▶ offer ─▶ here: claim │ there: cancel here, open there
 *
 * The instance that holds the body starts it without an offer until it has confirmed `asks`. The call accepts offers of
 * other instances only after that confirmation, and never while a claim is unanswered: so the request is started once.
 */
import type { ActorContext } from '@drover/actor-core';
import { type InstanceEvidence, instanceKey } from '../load/load-table.ts';
import { hasLoaded, learntServiceMs, queueWaitMs } from '../load/queue-wait.ts';
import type { SessionMessage } from '../protocol/session-message.ts';
import { type Attempt, showsWait } from './attempt.ts';
import type { CallRecord, SessionShared } from './call-record.ts';
import { type AttemptFacts, candidatesFor } from './decide-attempt.ts';
import { decideOffer } from './decide-offer.ts';
import type { QueueFacts } from './open-request.ts';
import { type ReservationFacts, Reservations } from './reservations.ts';
import { signFor } from './sign-request.ts';
import type { SessionInput } from './session-input.ts';

type Offer = Extract<SessionMessage, { kind: 'offer' }>;

const control = { lane: 'control' } as const;

/** Time after which an unanswered claim counts as lost. */
const claimPatienceMs = 500;

export class SlotWait {
  readonly #shared: SessionShared;
  readonly #record: CallRecord;
  readonly #context: ActorContext<SessionInput>;
  readonly #reservations: Reservations;
  readonly #facts: () => AttemptFacts;

  constructor(
    shared: SessionShared,
    record: CallRecord,
    context: ActorContext<SessionInput>,
    facts: () => AttemptFacts,
  ) {
    this.#shared = shared;
    this.#record = record;
    this.#context = context;
    this.#reservations = new Reservations(
      shared.node,
      () => context.random.id(),
      (node) => signFor(shared, record, node),
    );
    this.#facts = facts;
  }

  /** For an `open`: the call may wait at any instance that could serve it. */
  get queueFacts(): QueueFacts {
    const candidates = candidatesFor({ ...this.#facts(), tried: new Set() });
    const places = Math.max(1, Math.min(candidates.length, this.#record.maxPlaces));
    const serviceMs = learntServiceMs(candidates, this.#record.model);
    return { waitedMs: this.#waitedMs, places, ...(serviceMs === undefined ? {} : { serviceMs }) };
  }

  get #waitedMs(): number {
    return Math.max(0, this.#context.clock.now() - this.#record.startedAtMs);
  }

  /** The stream id for an `open` to that instance. */
  streamIdFor(evidence: InstanceEvidence): string {
    return this.#reservations.takeUp(instanceKey(evidence));
  }

  /** Handles a message of the instance that has the body. */
  receive(attempt: Attempt, message: SessionMessage): void {
    if (message.kind === 'accepted' && message.asks === true) {
      attempt.asks = true;
      attempt.claimedAtMs = undefined;
    }
    const waits = showsWait(message);
    if (message.kind !== 'parts' && message.kind !== 'offer') this.#record.queued = waits;
    if (waits) this.renew(attempt);
    else if (isInside(attempt)) this.#reservations.giveUpAll('the request has a slot elsewhere');
  }

  /** Reserves or renews a place at every other candidate while the body waits at one instance. */
  renew(attempt: Attempt): void {
    if (isInside(attempt) || !attempt.receiver.connected) return;
    const others = this.#others(attempt);
    const nowMs = this.#context.clock.now();
    if (attempt.claimedAtMs !== undefined && nowMs - attempt.claimedAtMs > claimPatienceMs)
      attempt.claimedAtMs = undefined;
    if (attempt.claimedAtMs !== undefined) return;
    if (attempt.asks) this.#reservations.renew(others, this.#reservationFacts(others.length + 1));
    else if (others.length > 0) {
      // The instance with the body may start it at any time: places elsewhere are useless until it confirms `asks`.
      const facts = this.#reservationFacts(others.length + 1);
      const { streamId, evidence } = attempt;
      const principal = signFor(this.#shared, this.#record, evidence.node);
      const signed = principal === undefined ? {} : { principal };
      attempt.instance.tell({ kind: 'reserve', streamId, ...facts, ...signed }, control);
    }
  }

  /** Handles an offered slot. Returns the instance to which the body must be sent now, if any. */
  offered(offer: Offer, attempt: Attempt | undefined): InstanceEvidence | undefined {
    if (attempt?.streamId === offer.streamId) {
      this.#offeredHere(offer, attempt);
      return undefined;
    }
    const reservation = this.#reservations.find(offer.streamId);
    if (reservation === undefined) return undefined;
    const evidence = this.#evidence(reservation.key);
    if (evidence === undefined || (attempt !== undefined && isInside(attempt))) {
      this.#reservations.giveUp(reservation, 'the request does not need the slot');
      return undefined;
    }
    // While a claim is unanswered, the call holds no reservations.
    const mayLeave = attempt === undefined || attempt.asks;
    if (!mayLeave || this.#decide(evidence, attempt) === 'pass') {
      reservation.instance.tell({ kind: 'pass', streamId: offer.streamId, offer: offer.offer }, control);
      return undefined;
    }
    this.#reservations.giveUpAll('the request takes a slot elsewhere', reservation);
    return evidence;
  }

  /** Gives up all reservations. */
  end(reason: string): void {
    this.#reservations.giveUpAll(reason);
    this.#record.queued = false;
  }

  #offeredHere({ streamId, offer }: Offer, attempt: Attempt): void {
    if (isInside(attempt)) return;
    const evidence = this.#evidence(instanceKey(attempt.evidence));
    if (evidence !== undefined && this.#decide(evidence, undefined) === 'pass') {
      attempt.instance.tell({ kind: 'pass', streamId, offer }, control);
      return;
    }
    attempt.claimedAtMs = this.#context.clock.now();
    attempt.instance.tell({ kind: 'claim', streamId, offer }, control);
    this.#reservations.giveUpAll('the request takes a slot elsewhere');
  }

  /** @param current the attempt that holds the body at another instance; undefined if the body is here */
  #decide(here: InstanceEvidence, current: Attempt | undefined): 'take' | 'pass' {
    const { load } = this.#shared;
    const { model } = this.#record;
    const key = instanceKey(here);
    const currentKey = current === undefined ? undefined : instanceKey(current.evidence);
    const elsewhere = load.instances().filter((evidence) => {
      const other = instanceKey(evidence);
      return other !== key && evidence.alive && (other === currentKey || this.#reservations.has(other));
    });
    const { contextTokens } = this.#record.routed;
    return decideOffer({ here, elsewhere, model, contextTokens, waitedMs: this.#waitedMs });
  }

  #evidence(key: string): InstanceEvidence | undefined {
    return this.#shared.load.instances().find((evidence) => instanceKey(evidence) === key);
  }

  /** Other instances that could serve the call and have not failed it; ejected ones only when their trial is due. */
  #others(current: Attempt): readonly InstanceEvidence[] {
    const { health } = this.#shared;
    const { model, maxPlaces } = this.#record;
    const facts = this.#facts();
    const failed = facts.failures
      .filter(({ refusal }) => refusal !== 'queue-full')
      .map(({ node, instance }) => `${node}/${instance}`);
    const tried = new Set([instanceKey(current.evidence), ...failed]);
    const others = candidatesFor({ ...facts, tried }).filter(
      (evidence) => !evidence.suspect && !health.isEjected(instanceKey(evidence), model),
    );
    const most = maxPlaces - 1;
    return others.length <= most ? others : others.toSorted((a, b) => this.#compare(a, b)).slice(0, most);
  }

  /** Orders instances: places already held first, then instances with the loaded model, then the shorter wait. */
  #compare(a: InstanceEvidence, b: InstanceEvidence): number {
    const { model, routed } = this.#record;
    const rank = (evidence: InstanceEvidence): number =>
      this.#reservations.has(instanceKey(evidence))
        ? 0
        : hasLoaded(evidence, model, routed.contextTokens)
          ? 1
          : 2;
    return rank(a) - rank(b) || queueWaitMs(a, model) - queueWaitMs(b, model);
  }

  #reservationFacts(places: number): ReservationFacts {
    const { request } = this.#record;
    const { model, priority = 0 } = request;
    const waitedMs = this.#waitedMs;
    const serviceMs = learntServiceMs(this.#shared.load.instances(), this.#record.model);
    return { model, priority, waitedMs, places, serviceMs, replyTo: this.#context.self };
  }
}

function isInside({ receiver, started }: Attempt): boolean {
  return started || receiver.insideAtMs !== undefined;
}
