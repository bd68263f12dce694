import type { Clock } from '../clock.ts';
import type { Presence } from '../membership/presence.ts';
import type { Reachability } from '../remoting/reachability.ts';

/** Time for the members to answer the poll of the joining node. */
const gatherMs = 50;
/** Interval at which members that have not reached this node are pinged again. */
const pingMs = 20;
/** Longest wait, so that a stalled member cannot block a join. */
const longestMs = 1_000;

export interface ActivationParts {
  readonly nodeId: string;
  readonly presence: Presence;
  readonly reachability: Reachability;
  readonly clock: Clock;
}

/**
 * Resolves once every member that answered the poll has reached this node, or after a second. A NATS server announces
 * the subscriptions of its clients to the other servers. Until that announcement has arrived, messages to a new
 * subscription are lost, although it was flushed (measured: every fourth message sent at once). Messages of this node
 * arrive after the announcement on every route. A process that learns the address of this node in another way, from a
 * printed line or a record, may send to it only after this promise.
 *
 * @see docs/decisions/0007-activation-handshake.md
 */
export async function untilReachable({
  nodeId,
  presence,
  reachability,
  clock,
}: ActivationParts): Promise<void> {
  const wait = (ms: number) => new Promise<void>((resolve) => clock.setTimer(ms, resolve));
  const deadlineMs = clock.now() + longestMs;
  const reached = new Set<string>();
  const stop = reachability.onReached((peer) => reached.add(peer));
  await wait(gatherMs);
  for (;;) {
    const waiting = presence
      .members()
      .filter(({ node, state, roles }) => node !== nodeId && state === 'alive' && isReachable(roles))
      .filter(({ node }) => !reached.has(node));
    if (waiting.length === 0 || clock.now() >= deadlineMs) break;
    for (const { node } of waiting) reachability.ping(node);
    await wait(pingMs);
  }
  stop();
}

/** Observers receive no messages and answer no pings. */
function isReachable(roles: readonly string[]): boolean {
  return roles.some((role) => role !== 'observer');
}
