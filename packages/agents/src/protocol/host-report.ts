import { wireArray } from '@drover/actor-core/internal';
import type { ActorRef } from '@drover/actor-core';
import { actorRefSchema } from '@drover/actor-core/cluster';
import { z } from 'zod';
import { countSchema, idSchema, incarnationSchema, maxModelChars, pageSize } from './limits.ts';
import { type RunOutcome, runOutcomeSchema } from './run-outcome.ts';

/** State of an agent as its host reports it. `failed`: parked after too many failures. */
export type ReportedState = 'ready' | 'busy' | 'failed';

/** Sender of a report: one incarnation of a host. */
export interface HostStamp {
  readonly node: string;
  readonly nodeIncarnation: number;
}

/** One agent that a host owns, with the sequence of the owner record: a later activation has a higher one. */
export interface OwnedAgent {
  readonly id: string;
  readonly owner: number;
  /** Whether the owner before gave it up in order: its recorded runs go on here. */
  readonly isHandedOver: boolean;
}

/** One agent that a host runs. */
export interface HostedAgent {
  readonly id: string;
  readonly incarnation: number;
  readonly state: ReportedState;
  /** Name of the model; '' until it is chosen. */
  readonly model: string;
  /** Recorded runs that the agent has received, and for which the leader has not yet confirmed the outcome. */
  readonly runs: readonly string[];
}

/** The end of a run, to be recorded. */
export interface RunReport {
  readonly runId: string;
  readonly agentId: string;
  readonly incarnation: number;
  readonly node: string;
  readonly outcome: RunOutcome;
}

/** Reports to the directory: from hosts, and from askers that lost an agent. Repetition does no harm. */
export type HostReport =
  /** The host has taken these agents, and waits for the order to run them. */
  | (HostStamp & { readonly kind: 'owned'; readonly agents: readonly OwnedAgent[] })
  | (HostStamp & { readonly kind: 'activated'; readonly id: string; readonly incarnation: number })
  | (HostStamp & {
      readonly kind: 'not-activated';
      readonly id: string;
      readonly incarnation: number;
      readonly reason: string;
    })
  /** The host has given that incarnation up, and reports no end of its recorded runs: the next incarnation has them. */
  | (HostStamp & { readonly kind: 'ended'; readonly id: string; readonly incarnation: number })
  | (HostStamp & { readonly kind: 'dispatched'; readonly runId: string })
  | (HostStamp & {
      readonly kind: 'inventory';
      readonly survey: number;
      readonly page: number;
      readonly pages: number;
      readonly agents: readonly HostedAgent[];
    })
  | (HostStamp & { readonly kind: 'states'; readonly agents: readonly Omit<HostedAgent, 'runs'>[] })
  /** `replyTo` repeats the report until it receives `recorded`; without `replyTo` the report is sent once. */
  | {
      readonly kind: 'settle';
      readonly run: RunReport;
      readonly replyTo?: ActorRef<never> | undefined;
    };

const stamp = { node: idSchema, nodeIncarnation: z.number() };
const hostedSchema = {
  id: idSchema,
  incarnation: incarnationSchema,
  state: z.enum(['ready', 'busy', 'failed']),
  model: z.string().max(maxModelChars),
};

const runReportSchema: z.ZodType<RunReport> = z.object({
  runId: idSchema,
  agentId: idSchema,
  incarnation: incarnationSchema,
  node: z.string().max(64),
  outcome: runOutcomeSchema,
});

export const hostReportSchema: z.ZodType<HostReport> & z.core.$ZodTypeDiscriminable = z.discriminatedUnion(
  'kind',
  [
    z.object({
      kind: z.literal('owned'),
      ...stamp,
      agents: wireArray(z.object({ id: idSchema, owner: countSchema, isHandedOver: z.boolean() }), pageSize),
    }),
    z.object({ kind: z.literal('ended'), ...stamp, id: idSchema, incarnation: incarnationSchema }),
    z.object({ kind: z.literal('activated'), ...stamp, id: idSchema, incarnation: incarnationSchema }),
    z.object({
      kind: z.literal('not-activated'),
      ...stamp,
      id: idSchema,
      incarnation: incarnationSchema,
      reason: z.string().max(4_096),
    }),
    z.object({ kind: z.literal('dispatched'), ...stamp, runId: idSchema }),
    z.object({
      kind: z.literal('inventory'),
      ...stamp,
      survey: countSchema,
      page: countSchema,
      pages: z.number().int().min(1).max(1_000),
      agents: wireArray(z.object({ ...hostedSchema, runs: wireArray(idSchema, 1_000) }), pageSize),
    }),
    z.object({ kind: z.literal('states'), ...stamp, agents: wireArray(z.object(hostedSchema), pageSize) }),
    z.object({
      kind: z.literal('settle'),
      run: runReportSchema,
      replyTo: actorRefSchema<never>().optional(),
    }),
  ],
);
