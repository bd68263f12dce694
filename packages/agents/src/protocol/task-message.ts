import type { ActorRef } from '@drover/actor-core';
import { actorRefSchema } from '@drover/actor-core/cluster';
import { z } from 'zod';
import { countSchema, idSchema, textSchema } from './limits.ts';
import { type RunOutcome, runOutcomeSchema } from './run-outcome.ts';

/**
 * What an asker says to an agent (`agents/{id}-{incarnation}` on its node). Repeating any of it does no harm: a
 * run is known by its id. The table only grows.
 */
export type TaskMessage =
  | {
      readonly kind: 'task';
      readonly runId: string;
      readonly input: string;
      readonly timeoutMs: number;
      readonly replyTo: ActorRef<TaskReply>;
    }
  | { readonly kind: 'cancel'; readonly runId: string; readonly reason: string }
  /** Asks how it goes; `have` characters of the answer have arrived. */
  | {
      readonly kind: 'probe';
      readonly runId: string;
      readonly have: number;
      readonly replyTo: ActorRef<TaskReply>;
    };

/** What an agent says to an asker. Text carries its place, so that nothing is lost or doubled. */
export type TaskReply =
  /** Taken: `agent` is this life of the agent, to be watched; `position` 0 = in hand, else its place in the queue. */
  | {
      readonly kind: 'accepted';
      readonly runId: string;
      readonly agent: ActorRef<TaskMessage>;
      readonly position: number;
    }
  /** Characters `offset` and on of the answer. */
  | { readonly kind: 'text'; readonly runId: string; readonly offset: number; readonly text: string }
  | { readonly kind: 'settled'; readonly runId: string; readonly outcome: RunOutcome }
  /** Nothing known of that run: it never came, or its agent has been restarted since. */
  | { readonly kind: 'unknown-run'; readonly runId: string };

export const taskMessageSchema: z.ZodType<TaskMessage> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('task'),
    runId: idSchema,
    input: textSchema,
    timeoutMs: z.number().positive(),
    replyTo: actorRefSchema<TaskReply>(),
  }),
  z.object({ kind: z.literal('cancel'), runId: idSchema, reason: z.string().max(200) }),
  z.object({
    kind: z.literal('probe'),
    runId: idSchema,
    have: countSchema,
    replyTo: actorRefSchema<TaskReply>(),
  }),
]);

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

/** Path of one life of an agent on its node. */
export function agentPath(id: string, incarnation: number): string {
  return `agents/${agentName(id, incarnation)}`;
}

/** The actor's name under the manager: it holds the incarnation, so that no message reaches another life. */
export function agentName(id: string, incarnation: number): string {
  return `${id}-${incarnation}`;
}
