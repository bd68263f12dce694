import type { Logger } from '../logger.ts';

interface Peer {
  /** Newest life heard of. */
  incarnation: number;
  /** Newest life known to be over for good; 0 = none. */
  gone: number;
  down: boolean;
  warned: boolean;
}

/** What this node knows of the lives of the others. Incarnations only grow. */
export class Peers {
  private readonly log: Logger;
  private readonly byNode = new Map<string, Peer>();

  constructor(log: Logger) {
    this.log = log;
  }

  /** True when this life is newer than any heard of before. */
  up(node: string, incarnation: number): boolean {
    const peer = this.peer(node);
    if (incarnation < peer.incarnation || incarnation <= peer.gone) return false;
    const isNewer = incarnation > peer.incarnation && peer.incarnation !== 0;
    peer.incarnation = incarnation;
    peer.down = false;
    if (isNewer) peer.gone = incarnation - 1;
    return isNewer;
  }

  down(node: string, incarnation: number, gone: boolean): void {
    const peer = this.peer(node);
    if (gone) peer.gone = Math.max(peer.gone, incarnation);
    if (incarnation >= peer.incarnation) {
      peer.incarnation = incarnation;
      peer.down = true;
    }
  }

  get size(): number {
    return this.byNode.size;
  }

  goneIncarnation(node: string): number {
    return this.byNode.get(node)?.gone ?? 0;
  }

  isDown(node: string): boolean {
    return this.byNode.get(node)?.down ?? false;
  }

  /** One line for each peer that sends what cannot be read; the rest is counted. */
  warnOnce(node: string, detail: string): void {
    const peer = this.peer(node);
    if (peer.warned) return;
    peer.warned = true;
    this.log.warn(
      { peer: node, detail },
      'a peer sends what this node cannot take; further ones are only counted',
    );
  }

  private peer(node: string): Peer {
    let peer = this.byNode.get(node);
    if (peer === undefined) {
      peer = { incarnation: 0, gone: 0, down: false, warned: false };
      this.byNode.set(node, peer);
    }
    return peer;
  }
}
