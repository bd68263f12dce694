import { actorRefSchema } from '@drover/actor-core/cluster';
import { type SignedPrincipal, signedPrincipalSchema } from '@drover/fleet';
import { z } from 'zod';
import type { AnswerRef, DirectoryAnswer } from './directory-answer.ts';
import {
  idSchema,
  maxKeyChars,
  maxModelChars,
  maxNameChars,
  maxTenantChars,
  tenantSchema,
  textSchema,
} from './limits.ts';

/** What to spawn, as the client requested it. */
export interface SpawnSpec {
  readonly type: string;
  readonly name?: string | undefined;
  readonly model?: string | undefined;
  readonly options?: Record<string, unknown> | undefined;
  /** Owner of the agent and of its runs. Absent: the tenant `default`, as in requests of 0.3.0. */
  readonly tenant?: string | undefined;
}

/**
 * Requests of clients to the directory. With `tenant`, agents and runs of other tenants do not exist for the asker;
 * without it, as in requests of 0.3.0, all of them do. Repetition does no harm. Kinds and fields may be added to the
 * protocol, never removed.
 */
export type DirectoryRequest =
  | ({
      readonly kind: 'spawn';
      readonly key: string;
      readonly spec: SpawnSpec;
      readonly waitMs: number;
      /** Time until the asker gives up and reports a failure. Absent in requests of 0.3.0. */
      readonly leftMs?: number | undefined;
      readonly replyTo: AnswerRef;
    } & OfPrincipal)
  /** One page of agents in the order of their ids, after the id `after`. */
  | ({ readonly kind: 'list'; readonly after: string; readonly replyTo: AnswerRef } & OfTenant)
  | ({ readonly kind: 'get'; readonly id: string; readonly replyTo: AnswerRef } & OfTenant)
  | ({ readonly kind: 'stop'; readonly id: string; readonly replyTo: AnswerRef } & OfTenant & OfPrincipal)
  | ({ readonly kind: 'metrics'; readonly id: string; readonly replyTo: AnswerRef } & OfTenant)
  | ({
      readonly kind: 'submit';
      readonly id: string;
      readonly runId: string;
      readonly input: string;
      readonly timeoutMs: number;
      readonly replyTo: AnswerRef;
    } & OfTenant &
      OfPrincipal)
  | ({ readonly kind: 'run'; readonly runId: string; readonly replyTo: AnswerRef } & OfTenant)
  /** Write a record under the fence and read it back, now. */
  | { readonly kind: 'prove'; readonly replyTo: AnswerRef }
  /** Ask for the known state of the store: answered with `well`, an `error`, or `not-leader` with details. */
  | { readonly kind: 'health'; readonly replyTo: AnswerRef };

/** The tenant of the asker. */
interface OfTenant {
  readonly tenant?: string | undefined;
}

/** Who asks for a change, signed for the leader. Absent in requests of 0.3.0. */
interface OfPrincipal {
  readonly principal?: SignedPrincipal | undefined;
}

const tenant = tenantSchema.optional();
const principal = signedPrincipalSchema.optional();

const replyTo = actorRefSchema<DirectoryAnswer>();

const specSchema = z.object({
  type: z.string().max(64),
  name: z.string().max(maxNameChars).optional(),
  model: z.string().max(maxModelChars).optional(),
  options: z.record(z.string(), z.unknown()).optional(),
  tenant,
});

export const directoryRequestSchema: z.ZodType<DirectoryRequest> & z.core.$ZodTypeDiscriminable =
  z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('spawn'),
      key: z
        .string()
        .min(1)
        .max(maxKeyChars + maxTenantChars + 3),
      spec: specSchema,
      waitMs: z.number().positive(),
      leftMs: z.number().positive().optional(),
      principal,
      replyTo,
    }),
    z.object({ kind: z.literal('list'), after: z.string().max(64), tenant, replyTo }),
    z.object({ kind: z.literal('get'), id: idSchema, tenant, replyTo }),
    z.object({ kind: z.literal('stop'), id: idSchema, tenant, principal, replyTo }),
    z.object({ kind: z.literal('metrics'), id: idSchema, tenant, replyTo }),
    z.object({
      kind: z.literal('submit'),
      id: idSchema,
      runId: idSchema,
      input: textSchema,
      timeoutMs: z.number().positive(),
      tenant,
      principal,
      replyTo,
    }),
    z.object({ kind: z.literal('run'), runId: idSchema, tenant, replyTo }),
    z.object({ kind: z.literal('prove'), replyTo }),
    z.object({ kind: z.literal('health'), replyTo }),
  ]);
