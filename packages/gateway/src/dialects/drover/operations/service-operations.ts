import { z } from 'zod';
import type { OperationGroup } from '../../../openapi/operation.ts';
import type { ProofTarget } from '../prove-host.ts';
import { instant, milliseconds, queryNumber } from './common.ts';

const count = z.int().min(0);

const modelStatus = z.looseObject({
  name: z.string(),
  digests: z.array(z.string()),
  loaded: z.boolean(),
  slots: count,
  busy: count,
  queued: count,
});

const instanceStatus = z.looseObject({
  name: z.string(),
  url: z.string(),
  version: z.string(),
  simulated: z.boolean(),
  state: z.string(),
  reason: z.string(),
  slots: count,
  busy: count,
  queued: count,
  maxQueue: count,
  waitMs: milliseconds.optional(),
  evidenceAgeMs: milliseconds,
  refusals: z.array(
    z.looseObject({ model: z.string().optional(), reason: z.string(), inRow: count, ageMs: milliseconds }),
  ),
});

const nodeStatus = z
  .looseObject({
    id: z.string(),
    role: z.string(),
    pid: count,
    state: z.string().describe('`alive`, `unreachable` or `left`.'),
    incarnation: count,
    evidenceAgeMs: milliseconds.describe('Age of the oldest evidence that these values come from.'),
    evidenceSource: z.enum(['self', 'heartbeat', 'load-report']),
    lagMs: milliseconds,
    models: z.array(modelStatus),
    instances: z.array(instanceStatus),
  })
  .meta({ id: 'NodeStatus' });

export const viewMember: z.ZodObject = z.looseObject({
  id: z.string(),
  incarnation: count,
  state: z.string().describe('`up`, `draining`, `leaving`, `left` or `dead`.'),
  roles: z.array(z.string()),
  version: z.string().optional(),
  zone: z.string().optional(),
  capacity: z.record(z.string(), z.number()).optional(),
});

export const groupStatus: z.ZodObject = z
  .looseObject({
    name: z.string(),
    leader: z.string().optional(),
    term: count.optional(),
    fence: count.optional(),
    state: z
      .string()
      .describe('`led`, `silent` (its leader was not heard for 5 s) or `vacant` (it has no leader).'),
    evidenceAgeMs: milliseconds.optional(),
  })
  .meta({ id: 'GroupStatus' });

const status = z
  .looseObject({
    nodes: z.array(nodeStatus),
    view: z.looseObject({ epoch: count, members: z.array(viewMember) }).optional(),
    groups: z.array(groupStatus).optional(),
    store: z.looseObject({ code: z.string(), message: z.string(), evidenceAgeMs: milliseconds }).optional(),
    memoryLagMs: milliseconds.nullable().optional(),
    durability: z.string().optional(),
    stores: z.array(z.looseObject({ evidenceAgeMs: milliseconds })).optional(),
    tls: z
      .looseObject({ subject: z.string(), expiresAt: z.string(), problem: z.string().optional() })
      .optional(),
  })
  .meta({ id: 'Status' });

const actor = z.looseObject({
  path: z.string(),
  parent: z.string().nullable(),
  state: z.string(),
  mailboxDepth: count,
  mailboxCapacity: count,
  restarts: count,
  incarnation: count,
  processed: count,
  messagesPerSecond: z.number().nullable(),
  uptimeMs: milliseconds,
  children: count,
  lastFailure: z.object({ code: z.string(), message: z.string(), at: z.string() }).nullable(),
});

const nodeActors = z
  .looseObject({
    id: z.string(),
    role: z.string(),
    pid: count,
    state: z.string(),
    incarnation: count,
    evidenceAgeMs: milliseconds,
    lagMs: milliseconds,
    silence: z
      .looseObject({ code: z.string(), message: z.string() })
      .nullable()
      .describe('Why the node shows no actors; null if it answered.'),
    uptimeMs: milliseconds.nullable(),
    total: count,
    leftOut: count,
    complete: z.boolean(),
    counters: z.record(z.string(), z.number()),
    actors: z.array(actor),
  })
  .meta({ id: 'NodeActors' });

const remedy = z.looseObject({
  at: instant,
  node: z.string(),
  action: z.string(),
  subject: z.string(),
  cause: z.string(),
  evidence: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});

const place = z.looseObject({ node: z.string(), instance: z.string() });

const decisions = z
  .looseObject({
    requestId: z.string(),
    model: z.string(),
    residencyKey: z.string().nullable(),
    chosen: place.nullable(),
    candidates: z.array(
      place.extend({
        cost: z.number().nullable(),
        parts: z.looseObject({ queueMs: milliseconds, loadMs: milliseconds, loaded: z.boolean() }),
        reason: z.string(),
      }),
    ),
    routing: z
      .looseObject({
        healthMs: milliseconds,
        breakerMs: milliseconds,
        usable: z.int().min(0),
        avoided: z.int().min(0),
      })
      .optional(),
    attempts: z.array(
      place.extend({ startedMs: milliseconds, endedMs: milliseconds.nullable(), outcome: z.string() }),
    ),
    outcome: z.enum(['running', 'served', 'refused', 'failed']),
    ageMs: milliseconds,
  })
  .meta({ id: 'Decisions' });

const readiness = z.looseObject({ ready: z.boolean(), reasons: z.array(z.string()) });

const hostProof = z.looseObject({
  ok: z.boolean(),
  how: z.enum(['token', 'listing', 'none']),
  model: z.string().optional(),
  tookMs: milliseconds,
  detail: z.string(),
});

export const hostProofRequest: z.ZodType<ProofTarget> = z.strictObject({
  node: z.string().min(1).max(64),
  instance: z.string().min(1).max(64),
  load: z.boolean().default(false).describe('Load the smallest model if none is loaded.'),
});

/** Health, metrics and views of the cluster. */
export const serviceOperations: OperationGroup = {
  name: 'service',
  description: 'Health, metrics, and what this gateway knows of the cluster.',
  operations: {
    'GET /healthz': {
      summary: 'Whether the process runs',
      answers: { 200: { description: 'It does.', schema: z.object({ ok: z.literal(true) }) } },
    },
    'GET /readyz': {
      summary: 'Whether a request can be served now',
      answers: {
        200: { description: 'It can.', schema: readiness },
        503: { description: 'It cannot; the reasons say why.', schema: readiness },
      },
    },
    'GET /health/detail': {
      summary: 'Each dependency, with the age of its last proof',
      answers: {
        200: {
          description: 'All dependencies work.',
          schema: z.looseObject({
            ok: z.boolean(),
            dependencies: z.array(
              z.looseObject({
                name: z.string(),
                ok: z.boolean(),
                detail: z.string(),
                provedAgoMs: milliseconds.nullable().describe('Null where there was no proof yet.'),
              }),
            ),
          }),
        },
        503: { description: 'A dependency does not work; the body is the same.' },
      },
    },
    'GET /metrics': {
      summary: 'Metrics in the text format of Prometheus',
      answers: { 200: { description: 'The metrics.', contentType: 'text/plain' } },
    },
    'GET /api/v1/status': {
      summary: 'Nodes, models, groups and the store, each with the age of its evidence',
      answers: { 200: { description: 'What this gateway knows.', schema: status } },
    },
    'GET /api/v1/actors': {
      summary: 'The live actors of every node, asked now',
      query: z.object({
        node: z.string().optional().describe('Only this node.'),
        path: z.string().optional().describe('Only actors whose path begins with this text.'),
        limit: queryNumber('Most actors of each node, 1 to 1000; 200 without it.'),
      }),
      answers: { 200: { description: 'The actors.', schema: z.object({ nodes: z.array(nodeActors) }) } },
      errors: { 404: ['node-not-found'] },
    },
    'GET /api/v1/remedies': {
      summary: 'What the cluster mended by itself since this gateway started, the newest first',
      query: z.object({ limit: queryNumber('Most remedies, 1 to 1000; 100 without it.') }),
      answers: { 200: { description: 'The remedies.', schema: z.object({ remedies: z.array(remedy) }) } },
    },
    'GET /api/v1/streams/{requestId}': {
      summary: 'Goes on with the answer to a request that was sent with x-drover-on-disconnect: keep=30s',
      detail: 'In the dialect of the request. Any gateway answers.',
      query: z.object({ from: queryNumber('Lines or events that the client has.') }),
      answers: { 200: { description: 'The rest of the answer.' } },
      errors: { 404: ['stream-not-found'], 503: ['gateway-unanswered'] },
    },
    'GET /api/v1/why/{requestId}': {
      summary: 'Why a request was sent where it was sent',
      detail: 'A gateway remembers its last 1,000 requests for 15 minutes.',
      answers: { 200: { description: 'The decisions.', schema: decisions } },
      errors: { 404: ['request-not-found'] },
    },
    'POST /api/v1/proofs/store': {
      summary: 'Makes the leader write a record and read it back',
      answers: { 200: { description: 'The proof.', schema: z.looseObject({ ok: z.boolean() }) } },
    },
    'POST /api/v1/proofs/host': {
      summary: 'Asks one Ollama for one token',
      body: { schema: hostProofRequest },
      answers: { 200: { description: 'The proof.', schema: hostProof } },
      errors: { 404: ['node-not-found'] },
    },
  },
};
