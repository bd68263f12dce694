import type { Remedy } from '@drover/actor-core';
import { followOwnRemedies } from '@drover/actor-core/internal';
import type { LocalNode, Memory, Queues } from '@drover/actor-core/cluster';
import { scopeText } from '@drover/actor-core/cluster';
import type { EventPublisher } from './event-publisher.ts';

/** Publishes what this node mends. Returns the function that ends it. */
export function publishRemedyEvents(
  { system }: Pick<LocalNode, 'system'>,
  events: EventPublisher,
): () => void {
  return followOwnRemedies(system, ({ action, subject, cause, evidence }) => {
    const targets = [`${subjectOf[action]}/${subject}`];
    events.publish(`remedy.${action}`, { targets, payload: { subject, cause, evidence } });
  });
}

/** What the subject of each remedy is. */
const subjectOf: Readonly<Record<Remedy['action'], string>> = {
  restart: 'actor',
  park: 'actor',
  're-place': 'entity',
  eject: 'host',
  're-elect': 'group',
  requeue: 'queue',
  'declare-dead': 'node',
};

/** Publishes which journals of this node cannot be read, and which can be read again. For nodes that run entities. */
export function publishJournalEvents(
  { system }: Pick<LocalNode, 'system'>,
  events: EventPublisher,
): () => void {
  return system.onEvent((event) => {
    if (event.type !== 'journal' || (event.what !== 'quarantined' && event.what !== 'released')) return;
    const { what, journal, path, cause } = event;
    events.publish(`journal.${what}`, { targets: [`journal/${journal}`], payload: { journal, path, cause } });
  });
}

/** Publishes the conflicts of the writers of this node, and the messages of queues that died here. */
export function publishDataEvents(
  { nodeId }: Pick<LocalNode, 'nodeId'>,
  data: { readonly memory: Memory; readonly queues: Queues },
  events: EventPublisher,
): () => void {
  const endMemory = data.memory.onEvent((event) => {
    // Each node hears the conflicts of all; the one of the writer tells it.
    if (event.type !== 'conflict' || event.node !== nodeId) return;
    const { tenant, key, policy, resolution, revision, otherRevision } = event;
    const scope = scopeText(event.scope);
    const payload = { scope, key, policy, resolution, revision, otherRevision };
    events.publish('memory.conflict', { tenant, targets: [`memory/${scope}/${key}`], payload });
  });
  const endQueues = data.queues.onEvent((event) => {
    if (event.type !== 'dead') return;
    const { tenant, queue, id, attempt, reason } = event;
    const payload = { queue, message: id, attempt, reason };
    events.publish('queue.dead', { tenant, targets: [`queue/${queue}`], payload });
  });
  return () => {
    endMemory();
    endQueues();
  };
}
