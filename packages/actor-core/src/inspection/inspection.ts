import { z } from 'zod';
import { wireArray } from '../remoting/wire-array.ts';

/** Which actors of a node are shown, and how many at most. */
export interface InspectionQuestion {
  /** Only actors whose path begins with this text. @default '': all */
  readonly path: string;
  /** Most actors shown, 1 to 1000; the most relevant ones are shown. @default 200 */
  readonly limit: number;
  /** Largest answer, in bytes of JSON. */
  readonly maxBytes: number;
  /** How long the asker waits for the answer. */
  readonly timeoutMs: number;
}

/** One live actor as shown to people. */
export interface ActorView {
  readonly path: string;
  /** Path of the parent; null for a top-level actor. */
  readonly parent: string | null;
  /**
   * `starting` · `running` · `busy` (a handler awaits its promise) · `restarting` · `parked` (failed too often) ·
   * `stopping`.
   */
  readonly state: string;
  /** Messages that wait. `mailboxCapacity`: most messages that may wait on each lane. */
  readonly mailboxDepth: number;
  readonly mailboxCapacity: number;
  readonly restarts: number;
  readonly incarnation: number;
  /** Messages handled by all incarnations. */
  readonly processed: number;
  /** Messages handled per second, measured over 0.25 s to 30 s; null when it was not measured. */
  readonly messagesPerSecond: number | null;
  /** Time since the actor was spawned; exact to a second or to a few hundredths, whichever is larger. */
  readonly uptimeMs: number;
  /** Number of live children, shown or not. */
  readonly children: number;
  readonly lastFailure: FailureView | null;
}

/** The last failure of an actor. */
export interface FailureView {
  /** The stable `code` of the error, else its class. */
  readonly code: string;
  readonly message: string;
  /** Wall clock time of the node in milliseconds since the Unix epoch. */
  readonly atMs: number;
}

/** The actors of a node: each before its children, children in start order. */
export interface NodeInspection {
  readonly incarnation: number;
  readonly uptimeMs: number;
  /** Number of live actors under `path`; a lower bound when `complete` is false. */
  readonly total: number;
  /** How many actors of `total` are not in `actors`. */
  readonly leftOut: number;
  /** False when there was no time to visit every actor. */
  readonly complete: boolean;
  /** Counts since the start of the node. */
  readonly counters: {
    readonly restarted: number;
    readonly parked: number;
    readonly escalated: number;
    readonly deadLetters: number;
  };
  readonly actors: readonly ActorView[];
}

/** Most actors that one node shows. */
export const maxLimit = 1_000;

const count = z.number().int().min(0);

/** The wire format. It only grows, and unknown fields are ignored. */
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

/** An inspection, or `busy`: the node already answers as many questions as it can at once. */
export type InspectionAnswer = NodeInspection | 'busy';

export const answerSchema: z.ZodType<InspectionAnswer> = z.union([inspectionSchema, z.literal('busy')]);
