import { NoRespondersError, StoreUnavailableError, TransportDisconnectedError } from '../errors.ts';
import type { LocalNode } from '../membership/local-node.ts';
import { rendezvous } from '../membership/rendezvous.ts';
import { anyToken, senderOf } from '../transport/subjects.ts';
import {
  decodeOwnerOutcomes,
  decodeOwnerRequest,
  encodeOwnerOutcomes,
  encodeOwnerRequest,
  type OwnerOutcome,
  type OwnerRequest,
} from './owner-messages.ts';

/** Performs changes of a key of one bucket on this node, each with its outcome. Must not reject. */
export type OwnedBucket = (request: OwnerRequest, from: string) => Promise<readonly OwnerOutcome[]>;

/** Longer than the owner tries, so that its answer is heard. */
const requestMs = 7_000;
/** Time for which a node that did not answer is not asked. */
const avoidMs = 5_000;
/** Requests whose copies are recognised. */
const maxKnown = 4_096;

/**
 * The other nodes as writers of hot keys. Each hot key has one owner among the hosts that this node hears, by
 * rendezvous hashing. The owner is chosen for speed only: its writes are compare-and-sets like all others, so that two
 * nodes which take different ones for the owner cost attempts and nothing else.
 */
export class KeyOwners {
  readonly #node: LocalNode;
  readonly #buckets = new Map<string, OwnedBucket>();
  readonly #avoidedUntilMs = new Map<string, number>();
  readonly #known = new Set<string>();
  readonly #ends: (() => void)[] = [];
  #candidates: readonly { readonly id: string; readonly weight: number }[] | undefined;
  #requests = 0;
  /** Changes that another node has performed for this one. */
  forwarded = 0;

  constructor(node: LocalNode) {
    this.#node = node;
    const { transport, subjects, nodeId, presence } = node;
    const subject = subjects.memoryChanges(nodeId, anyToken);
    const subscription = transport.subscribe(subject, (message) => {
      const { respond } = message;
      const request = decodeOwnerRequest(message.payload);
      const bucket = request === undefined ? undefined : this.#buckets.get(request.bucket);
      if (respond === undefined || request === undefined || bucket === undefined) return;
      if (!this.#isNew(request.id)) return;
      void bucket(request, senderOf(message.subject)).then((outcomes) =>
        respond(encodeOwnerOutcomes(outcomes)),
      );
    });
    this.#ends.push(
      () => subscription.unsubscribe(),
      presence.onChange(() => {
        this.#candidates = undefined;
      }),
    );
  }

  /** Performs changes for other nodes from now on. */
  serve(bucket: string, perform: OwnedBucket): void {
    this.#buckets.set(bucket, perform);
  }

  close(): void {
    for (const end of this.#ends) end();
  }

  /** The other node that writes a hot key; undefined where this node writes it itself. */
  ownerOf(key: string): string | undefined {
    this.#candidates ??= this.#listCandidates();
    const nowMs = this.#node.clock.now();
    const owner = rendezvous(key, this.#candidates);
    if (owner === undefined || owner === this.#node.nodeId) return undefined;
    return nowMs < (this.#avoidedUntilMs.get(owner) ?? 0) ? undefined : owner;
  }

  /**
   * Has the owner perform changes. Undefined: it did not receive them.
   *
   * @throws StoreUnavailableError it may have performed them
   */
  async forward(
    owner: string,
    request: Omit<OwnerRequest, 'id'>,
  ): Promise<readonly OwnerOutcome[] | undefined> {
    const { transport, subjects, nodeId, incarnation } = this.#node;
    const id = `${nodeId}.${incarnation.toString(36)}.${(++this.#requests).toString(36)}`;
    const payload = encodeOwnerRequest({ id, ...request });
    try {
      const subject = subjects.memoryChanges(owner, nodeId);
      const answer = await transport.request(subject, payload, { timeoutMs: requestMs });
      const outcomes = decodeOwnerOutcomes(answer, request.operations.length);
      if (outcomes === undefined) throw new StoreUnavailableError(request.bucket);
      this.forwarded += outcomes.length;
      return outcomes;
    } catch (error) {
      this.#avoidedUntilMs.set(owner, this.#node.clock.now() + avoidMs);
      if (error instanceof NoRespondersError || error instanceof TransportDisconnectedError) return undefined;
      throw error instanceof StoreUnavailableError
        ? error
        : new StoreUnavailableError(request.bucket, { cause: error });
    }
  }

  #listCandidates(): readonly { readonly id: string; readonly weight: number }[] {
    return this.#node.presence
      .members()
      .filter(({ state, roles, isSuspect, isStalled }) => {
        const isHeard = state === 'alive' && !isSuspect && !isStalled;
        return isHeard && roles.includes('host');
      })
      .map(({ node }) => ({ id: node, weight: 1 }));
  }

  #isNew(id: string): boolean {
    if (this.#known.has(id)) return false;
    this.#known.add(id);
    if (this.#known.size > maxKnown) {
      const [oldest] = this.#known;
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    return true;
  }
}
