import type { Logger } from '@drover/actor-core';
import type { QueueEvent, Queues } from '@drover/actor-core/cluster';
import { Counter, type Registry } from 'prom-client';

/** Counts what happens to the messages of queues on this gateway, and logs it with its cause. Returns the end of it. */
export function countQueueEvents(registry: Registry, queues: Queues, log: Logger): () => void {
  const counter = new Counter({
    name: 'drover_queue_events_total',
    help: 'Messages that were given back, delivered again, replayed or died.',
    labelNames: ['event', 'cause'],
    registers: [],
  });
  registry.registerMetric(counter);
  return queues.onEvent((event) => {
    counter.inc({ event: event.type, cause: event.type === 'redelivered' ? event.cause : '' });
    if (event.type === 'dead') log.warn(fieldsOf(event), 'a message of a queue died');
    else log.debug(fieldsOf(event), `a message of a queue was ${event.type}`);
  });
}

function fieldsOf({ type: _type, ...fields }: QueueEvent): object {
  return fields;
}
