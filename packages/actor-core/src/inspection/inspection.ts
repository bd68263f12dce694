import { z } from 'zod';
import { wireArray } from '../remoting/wire-array.ts';

/** Which actors of a node, and how many of them at most. */
export interface InspectionQuestion {
  /** Only actors whose path begins with this. @default '': all */
  readonly path: string;
  /** Actors shown at most, 1 to 1000; the most telling ones are. @default 200 */
  readonly limit: number;
  /** Largest answer, in bytes of JSON. */
  readonly maxBytes: number;
  /** How long whoever asks will wait, from now. */
  readonly timeoutMs: number;
}

/** One live actor as people are shown it. */
export interface ActorView {
  readonly path: string;
  /** Path of the actor it is a child of; null for a top-level one. */
  readonly parent: string | null;
  /** `starting` · `running` · `busy` (its handler awaits) · `restarting` · `parked` (given up by its supervisor) · `stopping`. */
  readonly state: string;
  /** Messages that wait now, and how many may on each lane. */
  readonly mailboxDepth: number;
  readonly mailboxCapacity: number;
  readonly restarts: number;
  readonly incarnation: number;
  /** Messages handled since its life began, over all incarnations. */
  readonly processed: number;
  /** Messages handled per second, over the last quarter of a second up to 30 s; null where it could not be measured. */
  readonly messagesPerSecond: number | null;
  /** Since its life began, restarts included; exact to a second or a few hundredths, whichever is more. */
  readonly uptimeMs: number;
  /** Live children, whether shown or not. */
  readonly children: number;
  readonly lastFailure: FailureView | null;
}

/** How an actor failed last. */
export interface FailureView {
  /** The error's stable `code`, else its class. */
  readonly code: string;
  readonly message: string;
  /** By the wall clock of the node, in milliseconds since the Unix epoch. */
  readonly atMs: number;
}

/** What a node says of its actors. Each before its children, these in start order. */
export interface NodeInspection {
  readonly incarnation: number;
  readonly uptimeMs: number;
  /** Live actors under `path`; at least so many where `complete` is false. */
  readonly total: number;
  /** Of `total`, how many `actors` does not show. */
  readonly leftOut: number;
  /** False when there was no time to look at every actor. */
  readonly complete: boolean;
  /** Since the node's start. */
  readonly counters: {
    readonly restarted: number;
    readonly parked: number;
    readonly escalated: number;
    readonly deadLetters: number;
  };
  readonly actors: readonly ActorView[];
}

/** Actors one node shows at most. */
export const maxLimit = 1_000;

const count = z.number().int().min(0);

/** As it travels: only ever grows, and what is not known is ignored. */
export const questionSchema: z.ZodType<InspectionQuestion> = z.object({
  path: z.string().max(4_096),
  limit: z.number().int().min(1).max(maxLimit),
  maxBytes: z.number().int().min(1_024),
  timeoutMs: z.number().positive(),
});

const actorSchema: z.ZodType<ActorView> = z.object({
  path: z.string(),
  parent: z.string().nullable(),
  state: z.string(),
  mailboxDepth: count,
  mailboxCapacity: count,
  restarts: count,
  incarnation: count,
  processed: count,
  messagesPerSecond: z.number().nullable(),
  uptimeMs: z.number(),
  children: count,
  lastFailure: z.object({ code: z.string(), message: z.string(), atMs: z.number() }).nullable(),
});

const inspectionSchema: z.ZodType<NodeInspection> = z.object({
  incarnation: count,
  uptimeMs: z.number(),
  total: count,
  leftOut: count,
  complete: z.boolean(),
  counters: z.object({ restarted: count, parked: count, escalated: count, deadLetters: count }),
  actors: wireArray(actorSchema, maxLimit),
});

/** An inspection, or `busy`: that node is answering as many questions as it does at once. */
export type InspectionAnswer = NodeInspection | 'busy';

export const answerSchema: z.ZodType<InspectionAnswer> = z.union([inspectionSchema, z.literal('busy')]);
