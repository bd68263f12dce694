import { z } from 'zod';
import type { OperationGroup } from '../../../openapi/operation.ts';
import { cursorQuery, eventStream, instant, queryNumber } from './common.ts';

const revision = z.int().min(0);
const written = z.looseObject({ revision }).meta({ id: 'Written' });
const changed = z.looseObject({ revision, value: z.unknown() }).meta({ id: 'Changed' });
const etag = { etag: 'The revision of the value.' };
const store = ['store-full', 'store-missing', 'store-unavailable', 'write-unknown'];

const writeQuery = z.object({
  ttlMs: queryNumber('The value is gone after this time.'),
  policy: z
    .string()
    .optional()
    .describe('`reject`, `last-writer`, `merge:NAME` or `crdt:KIND`. The first write of a key fixes it.'),
});

const preconditions = z.object({
  'If-Match': z.string().optional().describe('`*`, or the etag that the value must have.'),
  'If-None-Match': z.string().optional().describe('`*`: the key must have no value.'),
});

const reading = {
  ...etag,
  'x-drover-memory-read': 'The level at which the value was read.',
  'x-drover-memory-age-ms': 'How old the copy may be.',
  'x-drover-memory-policy': 'The policy of the key.',
};

/** The replicated memory. */
export const memoryOperations: OperationGroup = {
  name: 'memory',
  description:
    'The replicated memory. Keys are percent-encoded; a scope is `global`, or `session:ID` and the like.',
  operations: {
    'GET /api/v1/memory/{scope}': {
      summary: 'Keys of a scope, page by page',
      query: z.object({
        prefix: z.string().optional().describe('Only keys that begin with this text.'),
        ...cursorQuery,
      }),
      answers: {
        200: {
          description: 'A page.',
          schema: z.object({
            items: z.array(
              z.looseObject({
                key: z.string(),
                revision,
                bytes: z.int().min(0),
                expiresAt: instant.optional(),
              }),
            ),
            cursor: z.string().optional(),
          }),
        },
      },
      errors: { 404: ['not-found'], 503: store },
    },
    'GET /api/v1/memory/{scope}/-/events': {
      summary: 'Changes of a scope, as they happen',
      query: z.object({ prefix: z.string().optional() }),
      answers: { 200: { description: 'Events until the client leaves.', contentType: eventStream } },
    },
    'GET /api/v1/memory/{scope}/{key}': {
      summary: 'The value of a key, as it was put',
      query: z.object({
        read: z
          .enum(['cached', 'leader', 'fresh'])
          .optional()
          .describe('`cached`: the copy here; `leader`: the copy of the store; `fresh`: linearizable.'),
      }),
      answers: {
        200: { description: 'The value.', contentType: '*/*', headers: reading },
        304: { description: 'The value is the one that `If-None-Match` names.' },
      },
      errors: { 404: ['not-found'], 503: store },
    },
    'PUT /api/v1/memory/{scope}/{key}': {
      summary: 'Sets the value of a key',
      query: writeQuery,
      headers: preconditions,
      body: { contentType: '*/*' },
      answers: {
        200: { description: 'The value was replaced.', schema: written, headers: etag },
        201: { description: 'The key is new.', schema: written, headers: etag },
      },
      errors: {
        409: ['policy-mismatch', 'merge-failed'],
        412: ['revision-mismatch'],
        413: ['value-too-large'],
        503: store,
        507: ['memory-full'],
      },
    },
    'DELETE /api/v1/memory/{scope}/{key}': {
      summary: 'Removes the value of a key',
      headers: preconditions,
      answers: { 204: { description: 'The key has no value.' } },
      errors: { 412: ['revision-mismatch'], 503: store },
    },
    'POST /api/v1/memory/{scope}/{key}/ops': {
      summary: 'Changes a CRDT',
      query: writeQuery,
      body: { schema: z.looseObject({ ops: z.array(z.unknown()) }) },
      answers: {
        200: { description: 'The value after it.', schema: changed, headers: etag },
        201: { description: 'The key is new.', schema: changed, headers: etag },
      },
      errors: { 404: ['not-found'], 409: ['policy-mismatch'], 503: store, 507: ['memory-full'] },
    },
  },
};
