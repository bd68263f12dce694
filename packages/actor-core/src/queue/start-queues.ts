import type { Remedy } from '../actor/runtime-event.ts';
import type { LocalNode } from '../membership/local-node.ts';
import { keepQueueStreams } from './keep-queue-streams.ts';
import { LogQueues } from './log-queues.ts';
import type { QueueEvent } from './queue-event.ts';
import { type QueueOptions, resolveQueueOptions } from './queue-options.ts';
import type { Queues } from './queues.ts';

/**
 * The durable queues of the cluster as this node uses them. A host also creates the streams that hold them; on other
 * nodes every operation fails with `store-missing` until a host has done so.
 *
 * @throws InvalidArgumentError naming the option
 */
export function startQueues(node: LocalNode, options: QueueOptions = {}): Queues {
  const { storage, subjects, clock, random, log, transport } = node;
  const resolved = resolveQueueOptions(options, transport.maxPayloadBytes);
  const createsStreams = options.createsStreams ?? node.roles.includes('host');
  const onClose = createsStreams ? keepQueueStreams(node) : () => undefined;
  const queues = new LogQueues({
    storage,
    cell: subjects.cell,
    clock,
    random,
    log,
    options: resolved,
    onClose,
  });
  queues.onEvent((event) => {
    if (event.type === 'redelivered') node.system.reportRemedy(remedyOf(event));
  });
  return queues;
}

function remedyOf({ tenant, queue, id, attempt, cause }: QueueEvent & { type: 'redelivered' }): Remedy {
  return {
    action: 'requeue',
    subject: `${tenant}/${queue}/${id}`,
    cause:
      cause === 'given-back'
        ? 'its taker gave it back'
        : 'it was not acknowledged: its lease ended, or its taker gave it back on another node',
    evidence: { attempt },
  };
}
