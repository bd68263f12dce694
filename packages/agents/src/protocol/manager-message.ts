import type { ActorRef } from '@drover/actor-core';
import { senderRefSchema } from '@drover/actor-core/cluster';
import { type RequestPrincipal, requestPrincipalSchema } from '@drover/fleet';
import { z } from 'zod';
import type { DirectoryMessage } from './directory-message.ts';
import {
  countSchema,
  idSchema,
  incarnationSchema,
  maxModelChars,
  tenantSchema,
  textSchema,
} from './limits.ts';

/** Path of the manager on every host. */
export const managerPath: string = 'agents';

/** The incarnation of an agent that a host is to run. */
export interface Activation {
  readonly id: string;
  readonly incarnation: number;
  readonly type: string;
  /** Name of the model; '' if it is chosen at the first task. */
  readonly model: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Whose agent it is. Absent: the tenant `default`. */
  readonly tenant?: string | undefined;
}

/** An order of the leader, without its fence. Repetition does no harm. */
export type Order =
  /**
   * Run that incarnation, if this host owns the agent. `owner`: sequence of the owner record under which the
   * incarnation was recorded. Leaders of 0.3.0 state none: their orders start no agent here.
   */
  | { readonly kind: 'activate'; readonly agent: Activation; readonly owner?: number | undefined }
  /**
   * Stops this incarnation of the agent and all earlier ones. `final`: the agent was stopped and will not run again.
   */
  | {
      readonly kind: 'deactivate';
      readonly id: string;
      readonly incarnation: number;
      readonly final: boolean;
    }
  /** Give a recorded run to that incarnation of the agent. */
  | {
      readonly kind: 'dispatch';
      readonly id: string;
      readonly incarnation: number;
      readonly runId: string;
      readonly input: string;
      readonly timeoutMs: number;
      /** Who gave the run. Absent in orders of 0.3.0, and in those for runs that it recorded. */
      readonly principal?: RequestPrincipal | undefined;
    }
  /** Report all agents that run on the host. */
  | { readonly kind: 'survey'; readonly survey: number }
  /** The outcome of the run is recorded; do not report it again. */
  | { readonly kind: 'recorded'; readonly runId: string };

/** Authority of an order: the receiver obeys only the node that the lead record names, with the record's fence. */
export interface Authority {
  readonly term: number;
  /** Sequence of the lead record. */
  readonly fence: number;
  /** The leader's directory actor, for reports; must be on the node that sends the order. */
  readonly replyTo: ActorRef<DirectoryMessage>;
}

/** Messages to a manager from other nodes. Kinds and fields may be added to the protocol, never removed. */
export type ManagerMessage = Order & Authority;

const authority = { term: countSchema, fence: countSchema, replyTo: senderRefSchema<DirectoryMessage>() };

export const managerMessageSchema: z.ZodType<ManagerMessage> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('activate'),
    agent: z.object({
      id: idSchema,
      incarnation: incarnationSchema,
      type: z.string().max(64),
      model: z.string().max(maxModelChars),
      options: z.record(z.string(), z.unknown()),
      tenant: tenantSchema.optional(),
    }),
    owner: countSchema.optional(),
    ...authority,
  }),
  z.object({
    kind: z.literal('deactivate'),
    id: idSchema,
    incarnation: incarnationSchema,
    final: z.boolean(),
    ...authority,
  }),
  z.object({
    kind: z.literal('dispatch'),
    id: idSchema,
    incarnation: incarnationSchema,
    runId: idSchema,
    input: textSchema,
    timeoutMs: z.number().positive(),
    principal: requestPrincipalSchema.optional(),
    ...authority,
  }),
  z.object({ kind: z.literal('survey'), survey: countSchema, ...authority }),
  z.object({ kind: z.literal('recorded'), runId: idSchema, ...authority }),
]);
