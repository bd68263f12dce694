import type { Logger } from '../logger.ts';

interface Peer {
  /** Newest incarnation seen. */
  incarnation: number;
  /** Newest incarnation that has ended for good; 0: none. */
  gone: number;
  /** Clock milliseconds at which the node went down; undefined while it is up. */
  downSinceMs: number | undefined;
  warned: boolean;
}

/**
 * Most peers remembered. Above that, the peer that is down for the longest time is forgotten, else the peer that was
 * seen first; the knowledge of its ended incarnations is lost.
 */
const maxPeers = 4_096;

/** The incarnations of the other nodes that this node has seen. Incarnations only grow. */
export class Peers {
  readonly #log: Logger;
  readonly #byNode = new Map<string, Peer>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** True when this incarnation is newer than all earlier ones of the node. */
  up(node: string, incarnation: number): boolean {
    const peer = this.#peer(node);
    if (incarnation < peer.incarnation || incarnation <= peer.gone) return false;
    const isNewer = incarnation > peer.incarnation && peer.incarnation !== 0;
    peer.incarnation = incarnation;
    peer.downSinceMs = undefined;
    if (isNewer) peer.gone = incarnation - 1;
    return isNewer;
  }

  /** That incarnation has not ended after all. */
  revive(node: string, incarnation: number): void {
    const peer = this.#byNode.get(node);
    if (peer?.incarnation === incarnation) peer.gone = Math.min(peer.gone, incarnation - 1);
  }

  down(node: string, incarnation: number, gone: boolean, nowMs: number): void {
    const peer = this.#peer(node);
    if (gone) peer.gone = Math.max(peer.gone, incarnation);
    if (incarnation >= peer.incarnation) {
      peer.incarnation = incarnation;
      peer.downSinceMs ??= nowMs;
    }
  }

  get size(): number {
    return this.#byNode.size;
  }

  goneIncarnation(node: string): number {
    return this.#byNode.get(node)?.gone ?? 0;
  }

  isDown(node: string): boolean {
    return this.#byNode.get(node)?.downSinceMs !== undefined;
  }

  get isAnyDown(): boolean {
    for (const { downSinceMs } of this.#byNode.values()) if (downSinceMs !== undefined) return true;
    return false;
  }

  /** Forgets the peers that went down at that instant or earlier; returns them, each with its newest incarnation. */
  forgetDownSince(ms: number): { readonly node: string; readonly incarnation: number }[] {
    const forgotten: { readonly node: string; readonly incarnation: number }[] = [];
    for (const [node, { downSinceMs, incarnation }] of this.#byNode) {
      if (downSinceMs === undefined || downSinceMs > ms) continue;
      this.#byNode.delete(node);
      forgotten.push({ node, incarnation });
    }
    return forgotten;
  }

  /** Logs the first invalid frame or message of each peer; the others are only counted. */
  warnOnce(node: string, detail: string): void {
    const peer = this.#peer(node);
    if (peer.warned) return;
    peer.warned = true;
    this.#log.warn(
      { peer: node, detail },
      'a peer sent an invalid frame or message; further ones are only counted',
    );
  }

  #peer(node: string): Peer {
    let peer = this.#byNode.get(node);
    if (peer === undefined) {
      if (this.#byNode.size >= maxPeers) this.#forgetOne();
      peer = { incarnation: 0, gone: 0, downSinceMs: undefined, warned: false };
      this.#byNode.set(node, peer);
    }
    return peer;
  }

  #forgetOne(): void {
    let oldest: string | undefined;
    let since = Number.POSITIVE_INFINITY;
    for (const [node, { downSinceMs = Number.MAX_VALUE }] of this.#byNode) {
      if (downSinceMs >= since) continue;
      oldest = node;
      since = downSinceMs;
    }
    if (oldest !== undefined) this.#byNode.delete(oldest);
  }
}
