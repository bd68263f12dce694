import type { DeadItem, QueueItem, TakenItem } from '../gateway-client/queue-api.ts';
import { alignColumns } from './columns.ts';

const longestBody = 60;

/** A table of queues. */
export function queueLines(queues: readonly QueueItem[]): readonly string[] {
  if (queues.length === 0) return ['there is no queue: "drover queue put" creates one'];
  return alignColumns([
    ['QUEUE', 'DEPTH', 'IN FLIGHT', 'DELAYED', 'DEAD', 'OLDEST'],
    ...queues.map(({ name, depth, inFlight, delayed, dead, oldestAgeMs }) => [
      name,
      ...[depth, inFlight, delayed, dead].map((count) => (count === undefined ? '-' : String(count))),
      oldestAgeMs === undefined || oldestAgeMs === 0 ? '-' : `${Math.round(oldestAgeMs / 1_000)}s`,
    ]),
  ]);
}

/** Taken messages: a line of facts, then the body. */
export function takenLines(messages: readonly TakenItem[]): readonly string[] {
  return messages.flatMap(({ id, attempt, lease, body }) => [
    `${id} attempt ${attempt} lease ${lease}`,
    JSON.stringify(body),
  ]);
}

/** A table of dead messages, with the beginning of each body. */
export function deadLines(messages: readonly DeadItem[]): readonly string[] {
  return alignColumns([
    ['ID', 'ATTEMPTS', 'DIED', 'REASON', 'BODY'],
    ...messages.map(({ id, attempts, diedAt, reason, body }) => [
      id,
      String(attempts),
      diedAt,
      reason,
      JSON.stringify(body).slice(0, longestBody),
    ]),
  ]);
}
