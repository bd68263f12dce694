import type { StreamMessage } from '@drover/fleet';
import type { NodeAgentLimits } from '../config.ts';
import type { ReceivedRequest } from './request-refusals.ts';

/** A request for a model that this Ollama did not list at the last probe. */
export interface UnlistedRequest extends ReceivedRequest {
  readonly bodyBytes: number;
  /** Later messages about the stream that the job must get, in order. */
  readonly followUps: StreamMessage[];
}

/**
 * Requests that wait for one more probe, because their model may have been pulled a moment ago. A probe that is already
 * running is too early for a request that arrives during it. Bounded in requests and in bytes.
 */
export class UnlistedRequests {
  readonly #slots: number;
  readonly #limits: Pick<NodeAgentLimits, 'maxQueue' | 'maxHeldBytes'>;
  /** Requests that wait for the next probe. */
  #later: UnlistedRequest[] = [];
  /** Requests that wait for the running probe. */
  #now: UnlistedRequest[] = [];
  #bytes = 0;

  constructor(slots: number, limits: Pick<NodeAgentLimits, 'maxQueue' | 'maxHeldBytes'>) {
    this.#slots = slots;
    this.#limits = limits;
  }

  get size(): number {
    return this.#later.length + this.#now.length;
  }

  /** Adds a request. Returns false if there is no room. */
  add(request: ReceivedRequest, bodyBytes: number): boolean {
    const { maxQueue, maxHeldBytes } = this.#limits;
    if (this.size >= this.#slots + maxQueue || this.#bytes + bodyBytes > maxHeldBytes) return false;
    this.#later.push({ ...request, bodyBytes, followUps: [] });
    this.#bytes += bodyBytes;
    return true;
  }

  has(streamId: string): boolean {
    return this.#find(streamId) !== undefined;
  }

  /**
   * Handles a message about the stream of a waiting request; a cancel removes the request. Returns false if no such
   * request waits.
   */
  followUp(message: StreamMessage): boolean {
    const request = this.#find(message.streamId);
    if (request === undefined) return false;
    // Only parts must be kept: credit is absolute and repeated, and there is nothing to resume yet.
    if (message.kind === 'cancel') this.#drop(request);
    else if (message.kind === 'part' && request.followUps.length <= request.bodyBytes)
      request.followUps.push(message);
    return true;
  }

  /** A probe starts: it decides all requests that wait now. */
  probeStarted(): void {
    this.#now.push(...this.#later);
    this.#later = [];
  }

  /** The probe ended: removes and returns the requests that it decides. */
  probeEnded(): readonly UnlistedRequest[] {
    const decided = this.#now;
    this.#now = [];
    for (const { bodyBytes } of decided) this.#bytes -= bodyBytes;
    return decided;
  }

  /** True if requests wait for the next probe. */
  get needProbe(): boolean {
    return this.#later.length > 0;
  }

  #find(streamId: string): UnlistedRequest | undefined {
    const isIt = (request: UnlistedRequest): boolean => request.open.streamId === streamId;
    return this.#now.find(isIt) ?? this.#later.find(isIt);
  }

  #drop(request: UnlistedRequest): void {
    this.#now = this.#now.filter((other) => other !== request);
    this.#later = this.#later.filter((other) => other !== request);
    this.#bytes -= request.bodyBytes;
  }
}
