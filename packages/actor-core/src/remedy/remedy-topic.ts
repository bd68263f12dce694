import type { Remedy, RuntimeEvent } from '../actor/runtime-event.ts';
import type { LocalNode } from '../membership/local-node.ts';
import { createPubSub, topic } from '../pubsub/pub-sub.ts';
import { remedyOf, remedySchema } from './remedy.ts';

const remedies = topic('remedy', remedySchema);

/** Remedies that one node publishes at once, and each second after that. Further ones are only in its log. */
const burst = 100;
const perSecond = 20;

/**
 * Publishes what this node mends to all nodes, at most once each. A fault that repeats without end must not load the
 * bus: above 100 at once, or 20 a second, remedies are only logged.
 *
 * @returns the function that ends it
 */
export function publishRemedies(
  node: Pick<LocalNode, 'nodeId' | 'transport' | 'subjects' | 'log' | 'clock'>,
  system: { onMending(listener: (event: RuntimeEvent) => void): () => void },
): () => void {
  const pubSub = createPubSub(node);
  let allowance = burst;
  let countedAtMs = node.clock.now();
  return system.onMending((event) => {
    const remedy = remedyOf(event);
    if (remedy === undefined) return;
    const nowMs = node.clock.now();
    allowance = Math.min(burst, allowance + ((nowMs - countedAtMs) / 1_000) * perSecond);
    countedAtMs = nowMs;
    if (allowance < 1) return;
    allowance -= 1;
    pubSub.publish(remedies, remedy);
  });
}

/** Calls the listener with what any node mends, this one included. Returns the unsubscriber. */
export function followRemedies(
  node: Pick<LocalNode, 'nodeId' | 'transport' | 'subjects' | 'log'>,
  onRemedy: (remedy: Remedy, node: string) => void,
): () => void {
  return createPubSub(node).subscribe(remedies, (remedy, { from }) => onRemedy(remedy, from));
}
