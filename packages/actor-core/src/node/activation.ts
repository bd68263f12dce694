import type { Clock } from '../clock.ts';
import type { Presence } from '../membership/presence.ts';
import type { Remoting } from '../remoting/remoting.ts';

/** Time for the members to answer the poll of who joins. */
const gatherMs = 50;
/** How often those that were not heard to reach this node are asked again. */
const pingMs = 20;
/** Waited at most: a member may be stalled or gone, and that must keep nobody from joining. */
const longestMs = 1_000;

export interface ActivationParts {
  readonly nodeId: string;
  readonly presence: Presence;
  readonly remoting: Remoting;
  readonly clock: Clock;
}

/**
 * Resolves once every member that answered the poll has reached this node, or after a second. A NATS server tells the
 * others what its clients subscribe to, and until it has, what they send there is lost, though it was flushed here:
 * measured, every fourth message sent at once. What this node says on the bus comes after that on every route; who
 * learns of it in any other way, by a printed line or a record, is safe only after this.
 *
 * @see docs/decisions/0007-activation-handshake.md
 */
export async function untilReachable({ nodeId, presence, remoting, clock }: ActivationParts): Promise<void> {
  const wait = (ms: number) => new Promise<void>((resolve) => clock.setTimer(ms, resolve));
  const deadlineMs = clock.now() + longestMs;
  const reached = new Set<string>();
  const stop = remoting.onPong((peer) => reached.add(peer));
  await wait(gatherMs);
  for (;;) {
    const waiting = presence
      .members()
      .filter(({ node, state, roles }) => node !== nodeId && state === 'alive' && isReachable(roles))
      .filter(({ node }) => !reached.has(node));
    if (waiting.length === 0 || clock.now() >= deadlineMs) break;
    for (const { node } of waiting) remoting.ping(node);
    await wait(pingMs);
  }
  stop();
}

/** Observers take nothing and answer nothing. */
function isReachable(roles: readonly string[]): boolean {
  return roles.some((role) => role !== 'observer');
}
