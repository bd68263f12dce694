/**
 * The part of a call that waits for a slot. The body waits at one instance; at the other candidates the call reserves a
 * place in the queue, ordered by the age of the request. The first instance with a free slot offers the slot to the call:
 *
 *   accepted, asks ─▶ reserve at the others ─▶ offer ─▶ here: claim │ there: cancel here, open there
 *
 * The instance that holds the body starts it without an offer until it has confirmed `asks`. The call accepts offers of
 * other instances only after that confirmation, and never while a claim is unanswered: so the request is started once.
 */
import type { ActorContext } from '@drover/actor-core';
import type { SessionMessage } from '../protocol/session-message.ts';
import { type InstanceEvidence, instanceKey } from '../load/load-table.ts';
import { hasLoaded, learntServiceMs, queueWaitMs } from '../load/queue-wait.ts';
import { type Attempt, saysThatItWaits } from './attempt.ts';
import type { CallRecord, SessionShared } from './call-record.ts';
import { type AttemptFacts, candidatesFor } from './decide-attempt.ts';
import { decideOffer } from './decide-offer.ts';
import type { QueueFacts } from './open-request.ts';
import { type PlaceRequest, Places } from './places.ts';
import type { SessionInput } from './session-input.ts';

type Offer = Extract<SessionMessage, { kind: 'offer' }>;

const control = { lane: 'control' } as const;

/** Time after which an unanswered claim counts as lost. */
const claimPatienceMs = 500;

export class Waiting {
  readonly #shared: SessionShared;
  readonly #record: CallRecord;
  readonly #context: ActorContext<SessionInput>;
  readonly #places: Places;
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
    this.#places = new Places(shared.node, () => context.random.id());
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
    return this.#places.takeUp(instanceKey(evidence));
  }

  /** Handles a message of the instance that has the body. */
  heard(attempt: Attempt, message: SessionMessage): void {
    if (message.kind === 'accepted' && message.asks === true) {
      attempt.asks = true;
      attempt.claimedAtMs = undefined;
    }
    const waits = saysThatItWaits(message);
    if (message.kind !== 'parts' && message.kind !== 'offer') this.#record.queued = waits;
    if (waits) this.keep(attempt);
    else if (isInside(attempt)) this.#places.giveUpAll('the request has a slot elsewhere');
  }

  /** Reserves a place at every other candidate while the body waits at one instance. */
  keep(attempt: Attempt): void {
    if (isInside(attempt) || !attempt.receiver.connected) return;
    const others = this.#others(attempt);
    const nowMs = this.#context.clock.now();
    if (attempt.claimedAtMs !== undefined && nowMs - attempt.claimedAtMs > claimPatienceMs)
      attempt.claimedAtMs = undefined;
    if (attempt.claimedAtMs !== undefined) return;
    if (attempt.asks) this.#places.renew(others, this.#placeRequest(others.length + 1));
    else if (others.length > 0) {
      // The instance with the body may start it at any time: places elsewhere are useless until it confirms `asks`.
      const request = this.#placeRequest(others.length + 1);
      attempt.instance.tell({ kind: 'reserve', streamId: attempt.streamId, ...request }, control);
    }
  }

  /** Handles an offered slot. Returns the instance to which the body must be sent now, if any. */
  offered(offer: Offer, attempt: Attempt | undefined): InstanceEvidence | undefined {
    if (attempt?.streamId === offer.streamId) {
      this.#offeredHere(offer, attempt);
      return undefined;
    }
    const place = this.#places.find(offer.streamId);
    if (place === undefined) return undefined;
    const evidence = this.#evidence(place.key);
    if (evidence === undefined || (attempt !== undefined && isInside(attempt))) {
      this.#places.giveUp(place, 'the request does not need the slot');
      return undefined;
    }
    // While a claim is unanswered, the call holds no other places.
    const mayLeave = attempt === undefined || attempt.asks;
    if (!mayLeave || this.#decide(evidence, attempt) === 'pass') {
      place.instance.tell({ kind: 'pass', streamId: offer.streamId, offer: offer.offer }, control);
      return undefined;
    }
    this.#places.giveUpAll('the request takes a slot elsewhere', place);
    return evidence;
  }

  /** Gives up all places. */
  end(reason: string): void {
    this.#places.giveUpAll(reason);
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
    this.#places.giveUpAll('the request takes a slot elsewhere');
  }

  #decide(here: InstanceEvidence, home: Attempt | undefined): 'take' | 'pass' {
    const { load } = this.#shared;
    const { model } = this.#record;
    const key = instanceKey(here);
    const homeKey = home === undefined ? undefined : instanceKey(home.evidence);
    const elsewhere = load.instances().filter((evidence) => {
      const other = instanceKey(evidence);
      return other !== key && evidence.alive && (other === homeKey || this.#places.has(other));
    });
    return decideOffer({ here, elsewhere, model, waitedMs: this.#waitedMs });
  }

  #evidence(key: string): InstanceEvidence | undefined {
    return this.#shared.load.instances().find((evidence) => instanceKey(evidence) === key);
  }

  /** Instances, beside the one with the body, that could serve the call and have not failed it; also one due for a trial. */
  #others(home: Attempt): readonly InstanceEvidence[] {
    const { health } = this.#shared;
    const { model, maxPlaces } = this.#record;
    const facts = this.#facts();
    const failed = facts.failures
      .filter(({ refusal }) => refusal !== 'queue-full')
      .map(({ node, instance }) => `${node}/${instance}`);
    const tried = new Set([instanceKey(home.evidence), ...failed]);
    const others = candidatesFor({ ...facts, tried }).filter(
      (evidence) => !evidence.suspect && !health.isEjected(instanceKey(evidence), model),
    );
    const most = maxPlaces - 1;
    return others.length <= most ? others : others.toSorted((a, b) => this.#compare(a, b)).slice(0, most);
  }

  /** Orders instances: places already held first, then instances with the loaded model, then the shorter wait. */
  #compare(a: InstanceEvidence, b: InstanceEvidence): number {
    const { model } = this.#record;
    const rank = (evidence: InstanceEvidence): number =>
      this.#places.has(instanceKey(evidence)) ? 0 : hasLoaded(evidence, model) ? 1 : 2;
    return rank(a) - rank(b) || queueWaitMs(a, model) - queueWaitMs(b, model);
  }

  #placeRequest(places: number): PlaceRequest {
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
