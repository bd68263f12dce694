import { jsonBody, Members, objectText, pathOf, rawField, valueText } from '../read-fields.ts';
import { type RpcTable, unary } from '../rpc.ts';
import { invalidArgument } from '../rpc-failure.ts';

interface PutProto {
  readonly queue: string;
  readonly bodyJson: string;
  readonly id: string;
  readonly priority?: number;
  readonly delayMs: number;
  readonly maxAttempts: number;
}

interface TakeProto {
  readonly queue: string;
  readonly max: number;
  readonly waitMs: number;
  readonly leaseMs: number;
}

interface SettleProto {
  readonly queue: string;
  readonly id: string;
  readonly lease: string;
  readonly delayMs?: number;
  readonly leaseMs?: number;
  readonly reason?: string;
}

interface CountsJson {
  readonly name: string;
  readonly depth?: number;
}

const queuePath = (queue: string, ...parts: string[]) =>
  pathOf(['api', 'v1', 'queues', requireName(queue), ...parts]);

/** `drover.v1.QueueService`, by the routes of the queues. */
export const queueRpcs: RpcTable = {
  PutMessage: unary<PutProto>(
    ({ queue, bodyJson, id, priority, delayMs, maxAttempts }) => ({
      method: 'POST',
      path: queuePath(queue),
      body: objectText({
        body: rawField('body_json', bodyJson),
        id: valueText(id),
        priority: priority === undefined ? undefined : String(priority),
        delayMs: valueText(delayMs),
        maxAttempts: valueText(maxAttempts),
      }),
    }),
    ({ text }) => JSON.parse(text) as object,
  ),
  TakeMessages: unary<TakeProto>(
    ({ queue, max, waitMs, leaseMs }) => ({
      method: 'POST',
      path: queuePath(queue, 'take'),
      body: jsonBody({ max, waitMs, leaseMs }),
    }),
    ({ text }) => ({
      messages: new Members(text).elements('messages').map((message) => ({
        id: message.string('id'),
        bodyJson: message.raw('body'),
        attempt: message.number('attempt'),
        lease: message.string('lease'),
        priority: message.number('priority'),
      })),
    }),
  ),
  AckMessage: settle('ack'),
  NackMessage: settle('nack'),
  ExtendLease: settle('extend'),
  CancelMessage: unary<{ readonly queue: string; readonly id: string }>(
    ({ queue, id }) => ({ method: 'DELETE', path: queuePath(queue, 'messages', id) }),
    () => ({}),
  ),
  GetQueue: unary<{ readonly queue: string }>(
    ({ queue }) => ({ method: 'GET', path: queuePath(queue) }),
    ({ text }) => ({ counts: JSON.parse(text) as object }),
  ),
  ListQueues: unary<object>(
    () => ({ method: 'GET', path: '/api/v1/queues' }),
    ({ text }) => ({
      queues: (JSON.parse(text) as { queues: readonly CountsJson[] }).queues.map(({ name, ...counts }) => ({
        name,
        ...(counts.depth !== undefined && { counts }),
      })),
    }),
  ),
  ListDeadMessages: unary<{ readonly queue: string; readonly limit: number; readonly cursor: string }>(
    ({ queue, limit, cursor }) => ({
      method: 'GET',
      path: pathOf(['api', 'v1', 'queues', requireName(queue), 'dead'], { limit, cursor }),
    }),
    ({ text }) => {
      const page = new Members(text);
      const messages = page.elements('messages').map((message) => ({
        id: message.string('id'),
        bodyJson: message.raw('body'),
        attempts: message.number('attempts'),
        reason: message.string('reason'),
        diedAt: message.string('diedAt'),
      }));
      return { messages, cursor: page.string('cursor') };
    },
  ),
  ReplayDeadMessages: unary<{ readonly queue: string; readonly ids: readonly string[] }>(
    ({ queue, ids }) => ({
      method: 'POST',
      path: queuePath(queue, 'dead', 'replay'),
      body: ids.length === 0 ? '' : JSON.stringify({ ids }),
    }),
    ({ text }) => JSON.parse(text) as object,
  ),
};

function settle(action: string) {
  return unary<SettleProto>(
    ({ queue, id, lease, delayMs, leaseMs, reason }) => ({
      method: 'POST',
      path: queuePath(queue, 'messages', id, action),
      body: jsonBody({ lease, delayMs, leaseMs, reason }),
    }),
    () => ({}),
  );
}

function requireName(queue: string): string {
  if (queue === '') throw invalidArgument('queue', 'must not be empty');
  return queue;
}
