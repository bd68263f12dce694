import type { ActorRef } from '@drover/actor-core';
import type { ClusterNode } from '@drover/actor-core/cluster';
import { type InstanceEvidence, instanceKey } from '../load/load-table.ts';
import { type InstanceMessage, instancePath } from '../protocol/instance-message.ts';
import type { SignedPrincipal } from '../protocol/signed-principal.ts';
import type { SessionMessage } from '../protocol/session-message.ts';

/** A place without a body in the queue of an instance; the body waits at another instance. */
export interface Reservation {
  /** `instanceKey`. */
  readonly key: string;
  /** Stream id of the `open` that later uses the place. */
  readonly streamId: string;
  readonly instance: ActorRef<InstanceMessage>;
  readonly principal: SignedPrincipal | undefined;
}

/** Facts of a request for the queues. */
export interface ReservationFacts {
  readonly model: string;
  readonly priority: number;
  readonly waitedMs: number;
  /** Number of instances at which the request waits, the instance with the body included. */
  readonly places: number;
  /** Learnt service time of the model, if any. */
  readonly serviceMs?: number | undefined;
  readonly replyTo: ActorRef<SessionMessage>;
}

/** Signs a reservation at that node. */
export type SignReservation = (node: string) => SignedPrincipal | undefined;

const control = { lane: 'control' } as const;

/** The reservations of one request, at instances other than the one that has the body. */
export class Reservations {
  readonly #node: ClusterNode;
  readonly #newId: () => string;
  readonly #sign: SignReservation;
  readonly #byKey = new Map<string, Reservation>();

  /** @param sign the signed principal of a reservation, made once for all its renewals */
  constructor(node: ClusterNode, newId: () => string, sign: SignReservation = () => undefined) {
    this.#node = node;
    this.#newId = newId;
    this.#sign = sign;
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  find(streamId: string): Reservation | undefined {
    for (const reservation of this.#byKey.values()) if (reservation.streamId === streamId) return reservation;
    return undefined;
  }

  /** Reserves or renews a place at each of these instances and gives up all other places. */
  renew(instances: readonly InstanceEvidence[], facts: ReservationFacts): void {
    const wanted = new Set(instances.map(instanceKey));
    for (const reservation of this.#byKey.values())
      if (!wanted.has(reservation.key)) this.giveUp(reservation, 'the instance cannot serve the request now');
    for (const evidence of instances) {
      const { instance, streamId, principal } = this.#at(evidence);
      const signed = principal === undefined ? {} : { principal };
      instance.tell({ kind: 'reserve', streamId, ...facts, ...signed }, control);
    }
  }

  /**
   * Returns the stream id for an `open` to this instance: the id of the place held there, if any, so that the `open`
   * uses that place.
   */
  takeUp(key: string): string {
    const reservation = this.#byKey.get(key);
    this.#byKey.delete(key);
    return reservation?.streamId ?? this.#newId();
  }

  giveUp({ key, instance, streamId }: Reservation, reason: string): void {
    this.#byKey.delete(key);
    instance.tell({ kind: 'cancel', streamId, reason }, control);
  }

  giveUpAll(reason: string, except?: Reservation): void {
    for (const reservation of this.#byKey.values())
      if (reservation !== except) this.giveUp(reservation, reason);
  }

  #at(evidence: InstanceEvidence): Reservation {
    const key = instanceKey(evidence);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const path = instancePath(evidence.load.name);
    const instance = this.#node.system.refFor<InstanceMessage>(evidence.node, path);
    const streamId = this.#newId();
    const reservation = { key, streamId, instance, principal: this.#sign(evidence.node) };
    this.#byKey.set(key, reservation);
    return reservation;
  }
}
