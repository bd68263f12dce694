import type { DeadPage, QueueCounts } from '@drover/actor-core/durable';
import type { TakenMessage } from '@drover/actor-core/cluster';
import { jsonType, type Reply } from '../../http/reply.ts';

/** The counts of a queue as its route answers them. `oldestAgeMs` is 0 where nothing waits. */
export function countsJson(
  { depth, inFlight, delayed, dead, oldestAtMs }: QueueCounts,
  nowMs: number,
): Readonly<Record<string, number>> {
  const oldestAgeMs = oldestAtMs === undefined ? 0 : Math.max(0, Math.round(nowMs - oldestAtMs));
  return { depth, inFlight, delayed, dead, oldestAgeMs };
}

/** The answer to a `take`. Bodies are sent as they were put. */
export function takenJson(messages: readonly TakenMessage[]): Reply {
  const parts = messages.map(({ id, body, attempt, priority, lease }) =>
    objectOf({ id, attempt, priority, lease }, body),
  );
  return json(`{"messages":[${parts.join(',')}]}`);
}

/** A page of dead messages. `diedAt` is in ISO 8601. */
export function deadJson({ tasks, next }: DeadPage): Reply {
  const parts = tasks.map(({ id, body, attempts, reason, diedAtMs }) =>
    objectOf({ id, attempts, reason, diedAt: new Date(diedAtMs).toISOString() }, body),
  );
  const cursor = next === undefined ? '' : `,"cursor":"${next}"`;
  return json(`{"messages":[${parts.join(',')}]${cursor}}`);
}

function objectOf(fields: object, body: Uint8Array): string {
  return `${JSON.stringify(fields).slice(0, -1)},"body":${bodyText(body)}}`;
}

/** A body that a client with direct access to NATS has put need not be JSON: it is sent as a string. */
function bodyText(body: Uint8Array): string {
  const text = Buffer.from(body).toString('utf8');
  try {
    JSON.parse(text);
    return text;
  } catch {
    return JSON.stringify(text);
  }
}

function json(body: string): Reply {
  return { status: 200, contentType: jsonType, body };
}
