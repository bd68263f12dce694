import { z } from 'zod';
import type { TaskUsage } from '../agents-client.ts';
import { countSchema, textSchema } from './limits.ts';

/** The end of a run. */
export type RunOutcome =
  | { readonly status: 'completed'; readonly output: string; readonly usage: TaskUsage }
  | { readonly status: 'failed'; readonly code: RunFailureCode; readonly message: string };

/**
 * `agent-lost`: the agent's node was lost · `agent-busy`: the queue was full · `agent-stopped` · `task-failed`: the
 * model or the fleet failed, or the agent crashed · `deadline` · `cancelled`: by the asker.
 */
export type RunFailureCode =
  | 'agent-lost'
  | 'agent-busy'
  | 'agent-stopped'
  | 'task-failed'
  | 'deadline'
  | 'cancelled';

const usageSchema: z.ZodType<TaskUsage> = z.object({
  promptTokens: countSchema,
  completionTokens: countSchema,
  durationMs: z.number().min(0),
});

export const runOutcomeSchema: z.ZodType<RunOutcome> = z.discriminatedUnion('status', [
  z.object({ status: z.literal('completed'), output: textSchema, usage: usageSchema }),
  z.object({
    status: z.literal('failed'),
    code: z.enum(['agent-lost', 'agent-busy', 'agent-stopped', 'task-failed', 'deadline', 'cancelled']),
    message: z.string().max(4_096),
  }),
]);

/** A failed outcome; the message is cut to its length limit. */
export function failed(code: RunFailureCode, message: string): RunOutcome & { readonly status: 'failed' } {
  return { status: 'failed', code, message: message.slice(0, 4_096) };
}
