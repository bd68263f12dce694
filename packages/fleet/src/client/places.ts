import type { ActorRef } from '@drover/actor-core';
import type { ClusterNode } from '@drover/actor-core/cluster';
import { type InstanceMessage, instancePath } from '../protocol/instance-message.ts';
import type { SessionMessage } from '../protocol/session-message.ts';
import { type InstanceEvidence, instanceKey } from '../load/load-table.ts';

/** A place without a body in the queue of an instance; the body waits at another instance. */
export interface Place {
  /** `instanceKey`. */
  readonly key: string;
  /** Stream id of the `open` that later uses the place. */
  readonly streamId: string;
  readonly instance: ActorRef<InstanceMessage>;
}

/** Facts of a request for the queues. */
export interface PlaceRequest {
  readonly model: string;
  readonly priority: number;
  readonly waitedMs: number;
  /** Number of instances at which the request waits, the instance with the body included. */
  readonly places: number;
  /** Learnt service time of the model, if any. */
  readonly serviceMs?: number | undefined;
  readonly replyTo: ActorRef<SessionMessage>;
}

const control = { lane: 'control' } as const;

/** The places of one request without its body, at other instances than the one that has the body. */
export class Places {
  readonly #node: ClusterNode;
  readonly #newId: () => string;
  readonly #places = new Map<string, Place>();

  constructor(node: ClusterNode, newId: () => string) {
    this.#node = node;
    this.#newId = newId;
  }

  has(key: string): boolean {
    return this.#places.has(key);
  }

  find(streamId: string): Place | undefined {
    for (const place of this.#places.values()) if (place.streamId === streamId) return place;
    return undefined;
  }

  /** Takes or renews a place at each of these instances and gives up all others. */
  renew(instances: readonly InstanceEvidence[], request: PlaceRequest): void {
    const wanted = new Set(instances.map(instanceKey));
    for (const place of this.#places.values())
      if (!wanted.has(place.key)) this.giveUp(place, 'the instance cannot serve the request now');
    for (const evidence of instances) {
      const place = this.#at(evidence);
      place.instance.tell({ kind: 'reserve', streamId: place.streamId, ...request }, control);
    }
  }

  /** Returns the stream id for an `open` to this instance: that of the place held there, if any, so that the `open` uses it. */
  takeUp(key: string): string {
    const place = this.#places.get(key);
    this.#places.delete(key);
    return place?.streamId ?? this.#newId();
  }

  giveUp(place: Place, reason: string): void {
    this.#places.delete(place.key);
    place.instance.tell({ kind: 'cancel', streamId: place.streamId, reason }, control);
  }

  giveUpAll(reason: string, except?: Place): void {
    for (const place of this.#places.values()) if (place !== except) this.giveUp(place, reason);
  }

  #at(evidence: InstanceEvidence): Place {
    const key = instanceKey(evidence);
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const path = instancePath(evidence.load.name);
    const instance = this.#node.system.refFor<InstanceMessage>(evidence.node, path);
    const place = { key, streamId: this.#newId(), instance };
    this.#places.set(key, place);
    return place;
  }
}
