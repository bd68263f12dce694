import type { Subjects } from '../transport/subjects.ts';
import type { Transport, TransportMessage } from '../transport/transport.ts';

/**
 * Pings between nodes. An empty payload asks the receiver for a ping back; a non-empty payload is that ping, and proves
 * that its sender can reach this node. A ping that is sent as a NATS request is also answered with a reply.
 */
export class Reachability {
  readonly #nodeId: string;
  readonly #transport: Transport;
  readonly #subjects: Subjects;
  /** Payload of a ping that replies to another ping. */
  readonly #proof: Uint8Array;
  readonly #listeners = new Set<(node: string) => void>();

  constructor(nodeId: string, transport: Transport, subjects: Subjects, proof: Uint8Array) {
    this.#nodeId = nodeId;
    this.#transport = transport;
    this.#subjects = subjects;
    this.#proof = proof;
  }

  /** Asks that node to reach the inbox of this node. */
  ping(node: string): void {
    this.#transport.publish(this.#subjects.inbox(node, 'ping', this.#nodeId), new Uint8Array(0));
  }

  /** Calls the listener with each node that has reached this node. Returns the unsubscriber. */
  onReached(listener: (node: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  receive({ subject, payload, respond }: TransportMessage): void {
    if (respond !== undefined) return respond(this.#proof);
    const peer = subject.slice(subject.lastIndexOf('.') + 1);
    if (payload.length > 0) for (const listener of this.#listeners) listener(peer);
    else this.#transport.publish(this.#subjects.inbox(peer, 'ping', this.#nodeId), this.#proof);
  }
}
