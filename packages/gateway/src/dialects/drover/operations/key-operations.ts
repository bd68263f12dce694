import { z } from 'zod';
import type { LimitChanges } from '../../../keys/change-key.ts';
import { maxNameLength, maxPatternLength, maxPatterns } from '../../../keys/key-record.ts';
import { type Limits, type limitNames, maxLimit } from '../../../quota/limit-spec.ts';
import { type KeyRole, roleNames } from '../../../keys/rights.ts';
import type { OperationGroup } from '../../../openapi/operation.ts';
import { instant } from './common.ts';

const maxGraceMs = 30 * 24 * 3_600_000;
const limit = z.int().min(1).max(maxLimit).optional();
const limitShape = {
  requestsPerMinute: limit.describe('Requests to models in any minute.'),
  tokensPerMinute: limit.describe('Tokens of prompts and answers in any minute.'),
  concurrentRequests: limit.describe('Requests to models at the same time.'),
  tokensPerDay: limit.describe('Tokens on one day of UTC.'),
  tokensPerMonth: limit.describe('Tokens in one month of UTC.'),
} satisfies Record<(typeof limitNames)[number], unknown>;
const patterns = z.array(z.string().min(1).max(maxPatternLength)).max(maxPatterns);

export interface CreateKeyBody extends Limits {
  readonly name?: string | undefined;
  readonly roles?: KeyRole[] | undefined;
  readonly tenant?: string | undefined;
  readonly models?: string[] | undefined;
  readonly routes?: string[] | undefined;
  readonly expiresInMs?: number | undefined;
  readonly id?: string | undefined;
  readonly digest?: string | undefined;
}

const digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .optional()
  .describe(
    'SHA-256 of a secret of 43 characters that the client has made of 32 random bytes, hexadecimal: the client knows the key drover_ID_SECRET, and the answer has none. Repeating the request changes nothing.',
  );

export const createKeyRequest: z.ZodType<CreateKeyBody> = z.strictObject({
  name: z.string().max(maxNameLength).optional(),
  roles: z.array(z.enum(roleNames)).min(1).max(roleNames.length).optional(),
  tenant: z.string().max(64).optional(),
  models: patterns.optional().describe('Names of models, `*` for any part; all models without it.'),
  routes: patterns.optional().describe('Paths, `*` for any part; all routes without it.'),
  expiresInMs: z.int().min(1_000).optional(),
  id: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional()
    .describe('Id of the key that goes with `digest`: 8 random bytes, hexadecimal.'),
  digest,
  ...limitShape,
});

const change = z.int().min(1).max(maxLimit).nullable().optional();

export const limitKeyRequest: z.ZodType<LimitChanges> = z.strictObject({
  requestsPerMinute: change.describe('Requests to models in any minute; null removes the limit.'),
  tokensPerMinute: change.describe('Tokens of prompts and answers in any minute; null removes the limit.'),
  concurrentRequests: change.describe('Requests to models at the same time; null removes the limit.'),
  tokensPerDay: change.describe('Tokens on one day of UTC; null removes the limit.'),
  tokensPerMonth: change.describe('Tokens in one month of UTC; null removes the limit.'),
} satisfies Record<(typeof limitNames)[number], unknown>);

export const rotateKeyRequest: z.ZodType<{
  readonly graceMs?: number | undefined;
  readonly digest?: string | undefined;
}> = z.strictObject({
  graceMs: z.int().min(0).max(maxGraceMs).optional().describe('How long the old secret goes on working.'),
  digest,
});

const maxTokenLength = 8_192;

/** What a token should be explained for. */
export interface ExplainTokenBody {
  readonly token: string;
  readonly method?: string | undefined;
  readonly route: string;
  readonly model?: string | undefined;
}

export const explainTokenRequest: z.ZodType<ExplainTokenBody> = z.strictObject({
  token: z.string().min(1).max(maxTokenLength).describe('A token (JWT) of the issuer.'),
  method: z.string().max(20).optional().describe('GET without it.'),
  route: z.string().max(2_000).describe('A path.'),
  model: z.string().max(500).optional(),
});

const explanation = z.looseObject({
  allowed: z.boolean(),
  method: z.string(),
  route: z.string(),
  right: z.string().nullable(),
  steps: z.array(z.looseObject({ ok: z.boolean() })),
});

const key = z
  .looseObject({
    id: z.string(),
    name: z.string(),
    state: z.string(),
    roles: z.array(z.enum(roleNames)),
    tenant: z.string(),
    models: z.array(z.string()),
    routes: z.array(z.string()),
    limits: z.looseObject(limitShape).optional(),
    createdAt: instant,
    rotatedAt: instant.optional(),
    expiresAt: instant.optional(),
    revokedAt: instant.optional(),
    oldSecretUntil: instant.optional(),
  })
  .meta({ id: 'Key' });

const issued = z
  .looseObject({
    ...key.shape,
    key: z.string().optional().describe('The key, shown this once; absent where the client has made it.'),
  })
  .meta({ id: 'IssuedKey' });

const store = ['store-full', 'store-missing', 'store-unavailable'];
const unknown = { 404: ['key-not-found'], 503: store };

/** Keys, and what they may do. */
export const keyOperations: OperationGroup = {
  name: 'keys',
  description: 'Keys of clients: their roles, tenant, models and routes.',
  operations: {
    'GET /api/v1/keys': {
      summary: 'All keys, without their secrets',
      answers: { 200: { description: 'The keys.', schema: z.object({ keys: z.array(key) }) } },
    },
    'POST /api/v1/keys': {
      summary: 'Creates a key',
      body: { schema: createKeyRequest },
      answers: { 201: { description: 'The key with its secret.', schema: issued } },
      errors: { 409: ['first-key-must-administer', 'key-exists'], 503: store },
    },
    'POST /api/v1/keys/{key}/rotate': {
      summary: 'Gives a key another secret',
      body: { schema: rotateKeyRequest },
      answers: { 200: { description: 'The key with its new secret.', schema: issued } },
      errors: unknown,
    },
    'PATCH /api/v1/keys/{key}': {
      summary: 'Changes the limits of a key, which stays the same',
      body: { schema: limitKeyRequest },
      answers: { 200: { description: 'The key.', schema: key } },
      errors: unknown,
    },
    'DELETE /api/v1/keys/{key}': {
      summary: 'Revokes a key',
      answers: { 200: { description: 'The key.', schema: key } },
      errors: unknown,
    },
    'GET /api/v1/explain': {
      summary: 'Why a key may or may not call a route',
      query: z.object({
        key: z.string().describe('Its id, or a name that only one key has.'),
        method: z.string().optional().describe('GET without it.'),
        route: z.string().describe('A path.'),
        model: z.string().optional(),
      }),
      answers: {
        200: { description: 'The decision, step by step.', schema: explanation },
      },
      errors: { 404: ['key-not-found'] },
    },
    'POST /api/v1/explain': {
      summary: 'Why a token may or may not call a route',
      body: { schema: explainTokenRequest },
      answers: { 200: { description: 'The decision, step by step.', schema: explanation } },
      errors: { 400: ['invalid-input'], 503: ['issuer-unavailable'] },
    },
  },
};
