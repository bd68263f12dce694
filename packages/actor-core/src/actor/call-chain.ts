import type { ActorAddress } from './actor-ref.ts';

/**
 * The actors that wait for a question: the asker, the message that it was handling, and the call chain of that message.
 * A question that reaches an actor of its own call chain, while that actor still handles the message, can never be
 * answered.
 */
export interface CallChain {
  readonly node: string;
  readonly uid: number;
  /** Number of the message that the asker handles. */
  readonly handling: number;
  readonly up: CallChain | undefined;
}

/** Most links on the wire. A longer chain is cut, and a deadlock through the cut part is not detected. */
const maxWireLinks = 32;

/** True when the actor is part of the chain with the message that it handles now. */
export function waitsIn(chain: CallChain | undefined, address: ActorAddress, handling: number): boolean {
  for (let link = chain; link !== undefined; link = link.up) {
    if (link.uid === address.uid && link.node === address.node) return link.handling === handling;
  }
  return false;
}

/** The chain as a flat list: node, uid and handling of each link. */
export function encodeChain(chain: CallChain | undefined): (string | number)[] {
  const flat: (string | number)[] = [];
  for (let link = chain; link !== undefined && flat.length < 3 * maxWireLinks; link = link.up) {
    flat.push(link.node, link.uid, link.handling);
  }
  return flat;
}

/** Undefined for an invalid list. */
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
