import type { ActorRef } from '@drover/actor-core';
import { actorRefSchema } from '@drover/actor-core/cluster';
import { type SignedPrincipal, signedPrincipalSchema } from '@drover/fleet';
import { z } from 'zod';
import { countSchema, idSchema, textSchema } from './limits.ts';
import { type RunOutcome, runOutcomeSchema } from './run-outcome.ts';

/**
 * Messages of an asker to an agent (`agents/{id}-{incarnation}` on its node). Repetition does no harm: a run is
 * identified by its id. Kinds and fields may be added to the protocol, never removed.
 */
export type TaskMessage =
  | {
      readonly kind: 'task';
      readonly runId: string;
      readonly input: string;
      readonly timeoutMs: number;
      /** Who gives the task, signed for the node of the agent. Absent in messages of 0.3.0. */
      readonly principal?: SignedPrincipal | undefined;
      readonly replyTo: ActorRef<TaskReply>;
    }
  | { readonly kind: 'cancel'; readonly runId: string; readonly reason: string }
  /** Asks for the state of the run and for text that was lost; `have` characters of the answer have arrived. */
  | {
      readonly kind: 'probe';
      readonly runId: string;
      readonly have: number;
      readonly replyTo: ActorRef<TaskReply>;
    }
  /** Take no further task for that long: the agent is to be stopped once its tasks have ended. Answered at once. */
  | {
      readonly kind: 'retire';
      readonly forMs: number;
      /** As for a task. */
      readonly principal?: SignedPrincipal | undefined;
      readonly replyTo: ActorRef<RetireReply>;
    };

/** Whether the agent has ended all its tasks. */
export interface RetireReply {
  readonly kind: 'retired';
  readonly isIdle: boolean;
}

/** Messages of an agent to an asker. Text has an offset, so that the asker detects lost and duplicated messages. */
export type TaskReply =
  /** The agent has the task. `agent`: the incarnation to watch. `position`: 0 = current, else place in the queue. */
  | {
      readonly kind: 'accepted';
      readonly runId: string;
      readonly agent: ActorRef<TaskMessage>;
      readonly position: number;
    }
  /** Characters of the answer from `offset` on. */
  | { readonly kind: 'text'; readonly runId: string; readonly offset: number; readonly text: string }
  | { readonly kind: 'settled'; readonly runId: string; readonly outcome: RunOutcome }
  /** The run is unknown: the task message was lost, or the agent was restarted since. */
  | { readonly kind: 'unknown-run'; readonly runId: string };

export const taskMessageSchema: z.ZodType<TaskMessage> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('task'),
    runId: idSchema,
    input: textSchema,
    timeoutMs: z.number().positive(),
    principal: signedPrincipalSchema.optional(),
    replyTo: actorRefSchema<TaskReply>(),
  }),
  z.object({ kind: z.literal('cancel'), runId: idSchema, reason: z.string().max(200) }),
  z.object({
    kind: z.literal('probe'),
    runId: idSchema,
    have: countSchema,
    replyTo: actorRefSchema<TaskReply>(),
  }),
  z.object({
    kind: z.literal('retire'),
    forMs: z.number().positive().max(60_000),
    principal: signedPrincipalSchema.optional(),
    replyTo: actorRefSchema<RetireReply>(),
  }),
]);

export const retireReplySchema: z.ZodType<RetireReply> = z.object({
  kind: z.literal('retired'),
  isIdle: z.boolean(),
});

export const taskReplySchema: z.ZodType<TaskReply> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('accepted'),
    runId: idSchema,
    agent: actorRefSchema<TaskMessage>(),
    position: countSchema,
  }),
  z.object({ kind: z.literal('text'), runId: idSchema, offset: countSchema, text: textSchema }),
  z.object({ kind: z.literal('settled'), runId: idSchema, outcome: runOutcomeSchema }),
  z.object({ kind: z.literal('unknown-run'), runId: idSchema }),
]);

/** Path of one incarnation of an agent on its node. */
export function agentPath(id: string, incarnation: number): string {
  return `agents/${agentName(id, incarnation)}`;
}

/** Actor name under the manager. It contains the incarnation, so that no message reaches another incarnation. */
export function agentName(id: string, incarnation: number): string {
  return `${id}-${incarnation}`;
}
