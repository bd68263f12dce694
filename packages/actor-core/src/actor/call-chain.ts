import type { ActorAddress } from './actor-ref.ts';

/**
 * Who waits for whom: the asker of a question, which message it was handling, and the chain that message came with.
 * A question that reaches an actor still waiting in that very handling can never be answered.
 */
export interface CallChain {
  readonly node: string;
  readonly uid: number;
  /** Number of the message in the asker's hands. */
  readonly handling: number;
  readonly up: CallChain | undefined;
}

/** Links on the wire at most; a longer chain is cut at its far end and just goes undetected there. */
const maxWireLinks = 32;

/** Is that actor waiting, in the handling it is in now, for what this chain leads to? */
export function waitsIn(chain: CallChain | undefined, address: ActorAddress, handling: number): boolean {
  for (let link = chain; link !== undefined; link = link.up) {
    if (link.uid === address.uid && link.node === address.node) return link.handling === handling;
  }
  return false;
}

/** As a flat positional list: node, uid, handling, and again for each link. */
export function encodeChain(chain: CallChain | undefined): (string | number)[] {
  const flat: (string | number)[] = [];
  for (let link = chain; link !== undefined && flat.length < 3 * maxWireLinks; link = link.up) {
    flat.push(link.node, link.uid, link.handling);
  }
  return flat;
}

/** Undefined for what is no chain. */
export function decodeChain(flat: unknown): CallChain | undefined {
  if (!Array.isArray(flat) || flat.length > 3 * maxWireLinks) return undefined;
  let chain: CallChain | undefined;
  for (let at = flat.length - 3; at >= 0; at -= 3) {
    const [node, uid, handling] = flat.slice(at, at + 3) as unknown[];
    if (typeof node !== 'string' || typeof uid !== 'number' || typeof handling !== 'number') return undefined;
    chain = { node, uid, handling, up: chain };
  }
  return chain;
}
