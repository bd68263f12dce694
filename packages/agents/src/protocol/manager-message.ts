import type { ActorRef } from '@drover/actor-core';
import { senderRefSchema } from '@drover/actor-core/cluster';
import { z } from 'zod';
import { countSchema, idSchema, incarnationSchema, maxModelChars, textSchema } from './limits.ts';
import type { DirectoryMessage } from './directory-message.ts';

/** Path of the manager on every host. */
export const managerPath: string = 'agents';

/** Which life of which agent a host is to run. */
export interface Activation {
  readonly id: string;
  readonly incarnation: number;
  readonly type: string;
  /** '' = to be decided at the first task. */
  readonly model: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What the leader orders, without the authority to do so. Repeating an order does no harm. */
export type Order =
  | { readonly kind: 'activate'; readonly agent: Activation }
  /** Ends that life of the agent and every earlier one; `final` when no other follows. */
  | {
      readonly kind: 'deactivate';
      readonly id: string;
      readonly incarnation: number;
      readonly final: boolean;
    }
  /** Give this recorded run to that life of the agent. */
  | {
      readonly kind: 'dispatch';
      readonly id: string;
      readonly incarnation: number;
      readonly runId: string;
      readonly input: string;
      readonly timeoutMs: number;
    }
  /** Say what runs here. */
  | { readonly kind: 'survey'; readonly survey: number }
  /** The end of that run is recorded. */
  | { readonly kind: 'recorded'; readonly runId: string };

/** Sender of an order: a receiver obeys only the node that the lead record names, with the record's fence. */
export interface Authority {
  readonly term: number;
  /** Sequence of the lead record. */
  readonly fence: number;
  /** The leader's directory, for the answer; must be on the node that sends the order. */
  readonly replyTo: ActorRef<DirectoryMessage>;
}

/** What a manager hears from other nodes. The table only grows. */
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
    }),
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
    ...authority,
  }),
  z.object({ kind: z.literal('survey'), survey: countSchema, ...authority }),
  z.object({ kind: z.literal('recorded'), runId: idSchema, ...authority }),
]);
