import type { ActorRef } from '@drover/actor-core';
import type { SessionMessage, StreamMessage, StreamOpen } from '@drover/fleet';

/** A request for a model that this Ollama did not list when it was last asked. */
export interface UnknownRequest {
  readonly open: StreamOpen;
  readonly replyTo: ActorRef<SessionMessage>;
  readonly bodyBytes: number;
  /** What its session said since, in order. */
  readonly followUps: StreamMessage[];
}

/**
 * Requests that wait for one look at the catalogue, because the model may have been pulled a moment ago. A probe
 * that is already under way does not count for those that come later. Bounded in requests and in bytes.
 */
export class UnknownModels {
  readonly #maxRequests: number;
  readonly #maxBytes: number;
  /** Waiting for a probe that has not begun. */
  #later: UnknownRequest[] = [];
  /** Waiting for the probe under way. */
  #now: UnknownRequest[] = [];
  #bytes = 0;

  constructor(maxRequests: number, maxBytes: number) {
    this.#maxRequests = maxRequests;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#later.length + this.#now.length;
  }

  /** False if there is no room. */
  add(open: StreamOpen, replyTo: ActorRef<SessionMessage>, bodyBytes: number): boolean {
    if (this.size >= this.#maxRequests || this.#bytes + bodyBytes > this.#maxBytes) return false;
    this.#later.push({ open, replyTo, bodyBytes, followUps: [] });
    this.#bytes += bodyBytes;
    return true;
  }

  has(streamId: string): boolean {
    return this.#find(streamId) !== undefined;
  }

  /** Takes what a session says meanwhile; a cancel takes the request out. False if it does not wait here. */
  followUp(message: StreamMessage): boolean {
    const request = this.#find(message.streamId);
    if (request === undefined) return false;
    // Only parts must be kept: credit is absolute and repeated, and there is nothing to resume yet.
    if (message.kind === 'cancel') this.#drop(request);
    else if (message.kind === 'part' && request.followUps.length <= request.bodyBytes)
      request.followUps.push(message);
    return true;
  }

  /** A probe begins: it answers for everyone who waits by now. True if anyone does. */
  begin(): boolean {
    this.#now.push(...this.#later);
    this.#later = [];
    return this.#now.length > 0;
  }

  /** The probe is over: hands out those it answers for. */
  finish(): readonly UnknownRequest[] {
    const answered = this.#now;
    this.#now = [];
    for (const { bodyBytes } of answered) this.#bytes -= bodyBytes;
    return answered;
  }

  /** True if somebody waits for a probe that has not begun. */
  get wanted(): boolean {
    return this.#later.length > 0;
  }

  #find(streamId: string): UnknownRequest | undefined {
    const named = (request: UnknownRequest): boolean => request.open.streamId === streamId;
    return this.#now.find(named) ?? this.#later.find(named);
  }

  #drop(request: UnknownRequest): void {
    this.#now = this.#now.filter((other) => other !== request);
    this.#later = this.#later.filter((other) => other !== request);
    this.#bytes -= request.bodyBytes;
  }
}
