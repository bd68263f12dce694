import { endpointPath } from '../actor/endpoint-path.ts';
import type { EndpointNumbers, EventSink, NodeIdentity, PublishedEndpoint } from '../actor/node-services.ts';

/** The endpoints of this node that other nodes know of, by number. */
export class EndpointTable implements EndpointNumbers {
  readonly #identity: NodeIdentity;
  readonly #events: EventSink;
  readonly #byNumber = new Map<number, PublishedEndpoint>();
  #lastNumber = 0;

  constructor(identity: NodeIdentity, events: EventSink) {
    this.#identity = identity;
    this.#events = events;
  }

  get size(): number {
    return this.#byNumber.size;
  }

  /** Endpoints for one answer get even numbers, so that a late answer is recognised by its number. */
  publish(endpoint: PublishedEndpoint, isAnswer: boolean): number {
    this.#lastNumber += 2;
    const number = isAnswer ? this.#lastNumber : this.#lastNumber + 1;
    this.#byNumber.set(number, endpoint);
    return number;
  }

  unpublish(number: number): void {
    this.#byNumber.delete(number);
  }

  find(number: number): PublishedEndpoint | undefined {
    return this.#byNumber.get(number);
  }

  all(): Iterable<PublishedEndpoint> {
    return this.#byNumber.values();
  }

  lateAnswer(number: number, answer: unknown): void {
    const { nodeId, incarnation } = this.#identity;
    const to = { node: nodeId, nodeIncarnation: incarnation, path: endpointPath, uid: number };
    this.#events.deadLetter(to, 'late-answer', undefined, undefined, answer);
  }
}
