import { createPubSub, type LocalNode } from '@drover/actor-core/cluster';
import { boundedTargets, boundedText, encodeEvent, type FleetEvent, maxEventBytes } from './event.ts';
import { EventAllowance } from './event-allowance.ts';
import { liveEvents, unstoredEvents } from './event-topics.ts';
import { type EventPayloads, type EventType, eventTypes } from './event-types.ts';
import { EventWriter } from './event-writer.ts';
import { isoTime } from '../protocol/iso-time.ts';

/** What the publisher of an event states; the rest is filled in. */
export interface EventDraft<T extends EventType = EventType> {
  readonly targets: readonly string[];
  readonly payload: EventPayloads[T];
  readonly tenant?: string | undefined;
  readonly traceparent?: string | undefined;
  readonly causationId?: string | undefined;
  readonly meta?: Readonly<Record<string, string>>;
}

export interface EventStats {
  readonly published: number;
  /** Not published: too many of late, too large, or the bus or the store was away for too long. */
  readonly dropped: number;
  /** Wait for the store. */
  readonly waiting: number;
}

/** Publishes the events of one node. */
export interface EventPublisher {
  /** Never throws and never waits. Returns the id; undefined where the event was dropped. */
  publish<T extends EventType>(type: T, draft: EventDraft<T>): string | undefined;
  readonly stats: EventStats;
  /** Waits for events that are not stored yet, at most two seconds. */
  close(): Promise<void>;
}

type PublisherNode = Pick<
  LocalNode,
  'nodeId' | 'roles' | 'transport' | 'storage' | 'subjects' | 'clock' | 'random' | 'log'
>;

const keptRate = { burst: 200, perSecond: 20 };
const liveRate = { burst: 200, perSecond: 50 };
const traceparentPattern = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * Starts the publisher of a node. Gateways and hosts store their events themselves; a node-agent, which has no
 * permission of JetStream, tells them to the hosts.
 */
export function startEventPublisher(node: PublisherNode): EventPublisher {
  return new Publisher(node);
}

class Publisher implements EventPublisher {
  readonly #node: PublisherNode;
  readonly #writer: EventWriter | undefined;
  readonly #kept: EventAllowance;
  readonly #live: EventAllowance;
  #published = 0;
  #dropped = 0;

  constructor(node: PublisherNode) {
    this.#node = node;
    const mayStore = node.roles.includes('host') || node.roles.includes('gateway');
    this.#writer = mayStore ? new EventWriter(node) : undefined;
    this.#kept = new EventAllowance(node.clock, keptRate);
    this.#live = new EventAllowance(node.clock, liveRate);
  }

  publish<T extends EventType>(type: T, draft: EventDraft<T>): string | undefined {
    const { isDurable } = eventTypes[type];
    const event = this.#eventOf(type, draft);
    const allowance = isDurable ? this.#kept : this.#live;
    const isSent =
      encodeEvent(event).byteLength <= maxEventBytes && allowance.take() && this.#send(event, isDurable);
    if (!isSent) {
      this.#dropped += 1;
      this.#node.log.debug({ event: event.id, type }, 'an event was dropped');
      return undefined;
    }
    this.#published += 1;
    return event.id;
  }

  get stats(): EventStats {
    return {
      published: this.#published,
      dropped: this.#dropped + (this.#writer?.dropped ?? 0),
      waiting: this.#writer?.waiting ?? 0,
    };
  }

  async close(): Promise<void> {
    await this.#writer?.close();
  }

  #eventOf<T extends EventType>(type: T, draft: EventDraft<T>): FleetEvent {
    const { nodeId, clock, random } = this.#node;
    const { targets, payload, tenant, traceparent, causationId, meta = {} } = draft;
    return {
      v: 1,
      id: random.id(),
      type,
      time: isoTime(clock.wallNow()),
      source: nodeId,
      targets: boundedTargets(targets),
      ...(tenant !== undefined && { tenant }),
      ...(traceparent !== undefined && traceparentPattern.test(traceparent) && { traceparent }),
      ...(causationId !== undefined && { causationId: boundedText(causationId) }),
      payload,
      meta,
    };
  }

  #send(event: FleetEvent, isDurable: boolean): boolean {
    if (isDurable && this.#writer !== undefined) {
      this.#writer.put(event);
      return true;
    }
    try {
      return createPubSub(this.#node).publish(isDurable ? unstoredEvents : liveEvents, encodeEvent(event));
    } catch {
      // Larger than the bus allows.
      return false;
    }
  }
}
