import { z } from 'zod';
import type { OperationGroup } from '../../../openapi/operation.ts';
import { cursorQuery, instant } from './common.ts';

export interface PutBody {
  readonly body?: unknown;
  readonly id?: string | undefined;
  readonly priority?: number | undefined;
  readonly delayMs?: number | undefined;
  readonly maxAttempts?: number | undefined;
}

export const putRequest: z.ZodType<PutBody> = z.strictObject({
  body: z.unknown().describe('Any JSON value: the message. It is delivered as its text stands here.'),
  id: z.string().optional().describe('A second message with this id is a duplicate.'),
  priority: z.int().optional().describe('0 is first.'),
  delayMs: z.int().optional(),
  maxAttempts: z.int().optional(),
});

const maxMessages = 256;

export interface TakeBody {
  readonly max: number;
  readonly waitMs: number;
  readonly leaseMs?: number | undefined;
}

export const takeRequest: z.ZodType<TakeBody> = z.strictObject({
  max: z.int().min(1).max(maxMessages).default(1),
  waitMs: z.int().min(0).max(3_600_000).default(0),
  leaseMs: z.int().optional(),
});

export interface SettleBody {
  readonly lease: string;
  readonly delayMs?: number | undefined;
  readonly leaseMs?: number | undefined;
  readonly reason?: string | undefined;
}

export const settleRequest: z.ZodType<SettleBody> = z.strictObject({
  lease: z.string().min(1).max(4_096),
  delayMs: z.int().optional(),
  leaseMs: z.int().optional(),
  reason: z.string().max(500).optional(),
});

export const replayRequest: z.ZodType<{ readonly ids?: string[] | undefined }> = z.strictObject({
  ids: z.array(z.string()).min(1).max(1_000).optional(),
});

const count = z.int().min(0);
const counts = z
  .looseObject({ depth: count, inFlight: count, delayed: count, dead: count, oldestAgeMs: count })
  .meta({ id: 'QueueCounts' });

const message = z
  .looseObject({
    id: z.string(),
    attempt: z.int().min(1),
    priority: count,
    lease: z.string(),
    body: z.unknown(),
  })
  .meta({ id: 'Message' });

const store = ['store-full', 'store-missing', 'store-unavailable'];
const leaseErrors = { 409: ['lease-lost'], 503: store };
const settled = { 204: { description: 'Done.' } };

/** Durable queues. */
export const queueOperations: OperationGroup = {
  name: 'queues',
  description:
    'Durable queues: an accepted message is delivered until a taker acknowledges it. A first put makes the queue.',
  operations: {
    'GET /api/v1/queues': {
      summary: 'All queues',
      detail: 'Counts are shown for the first 100.',
      answers: {
        200: {
          description: 'The queues.',
          schema: z.object({ queues: z.array(z.looseObject({ name: z.string() })) }),
        },
      },
      errors: { 503: store },
    },
    'GET /api/v1/queues/{q}': {
      summary: 'The counts of a queue',
      answers: { 200: { description: 'The counts.', schema: counts } },
      errors: { 404: ['queue-not-found'], 503: store },
    },
    'POST /api/v1/queues/{q}': {
      summary: 'Puts a message',
      body: { schema: putRequest },
      answers: {
        200: {
          description: 'A message with this id was put before.',
          schema: z.object({ id: z.string(), duplicate: z.literal(true) }),
        },
        201: { description: 'The message is stored.', schema: z.object({ id: z.string() }) },
      },
      errors: { 409: ['too-many-queues'], 413: ['message-too-large'], 429: ['queue-full'], 503: store },
    },
    'DELETE /api/v1/queues/{q}': {
      summary: 'Removes a queue',
      query: z.object({
        messages: z.literal('discard').optional().describe('Without it only an empty queue is removed.'),
      }),
      answers: settled,
      errors: { 404: ['queue-not-found'], 409: ['queue-not-empty'], 503: store },
    },
    'POST /api/v1/queues/{q}/take': {
      summary: 'Leases messages',
      body: { schema: takeRequest },
      answers: {
        200: {
          description: 'Messages; none if none came.',
          schema: z.object({ messages: z.array(message) }),
        },
      },
      errors: { 404: ['queue-not-found'], 503: store },
    },
    'GET /api/v1/queues/{q}/dead': {
      summary: 'Dead messages, page by page',
      query: z.object(cursorQuery),
      answers: {
        200: {
          description: 'A page.',
          schema: z.object({
            messages: z.array(
              z.looseObject({
                id: z.string(),
                attempts: count,
                reason: z.string(),
                diedAt: instant,
                body: z.unknown(),
              }),
            ),
            cursor: z.string().optional(),
          }),
        },
      },
      errors: { 404: ['queue-not-found'], 503: store },
    },
    'POST /api/v1/queues/{q}/dead/replay': {
      summary: 'Puts dead messages back',
      body: { schema: replayRequest, isRequired: false },
      answers: {
        200: { description: 'How many.', schema: z.object({ replayed: count }) },
      },
      errors: { 404: ['queue-not-found'], 503: store },
    },
    'DELETE /api/v1/queues/{q}/messages/{id}': {
      summary: 'Cancels a message',
      answers: settled,
      errors: { 404: ['queue-not-found', 'message-not-found'], 503: store },
    },
    'POST /api/v1/queues/{q}/messages/{id}/ack': {
      summary: 'The message is done',
      body: { schema: settleRequest },
      answers: settled,
      errors: leaseErrors,
    },
    'POST /api/v1/queues/{q}/messages/{id}/nack': {
      summary: 'The message is delivered again, or is dead after its last attempt',
      body: { schema: settleRequest },
      answers: settled,
      errors: leaseErrors,
    },
    'POST /api/v1/queues/{q}/messages/{id}/extend': {
      summary: 'The lease lasts longer',
      body: { schema: settleRequest },
      answers: settled,
      errors: leaseErrors,
    },
  },
};
