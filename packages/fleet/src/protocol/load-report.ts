import { wireArray } from '@drover/actor-core/internal';
import { z } from 'zod';

/**
 * What a node-agent reports to all nodes on `subjects.load(node)`, encoded by msgpackr: once a second, and within
 * `loadReportDebounceMs` of a change. Evidence for routing and status.
 */
export interface LoadReport {
  readonly v: 1;
  readonly node: string;
  readonly incarnation: number;
  /** Incremented with each report of this incarnation; older reports are ignored. */
  readonly seq: number;
  readonly instances: readonly InstanceLoad[];
  /**
   * A report that is larger than a bus message travels in pages with one `seq`, each with a part of the models. An
   * instance may be on several pages. The report is used when all pages have arrived.
   */
  readonly page?: number | undefined;
  /** @default 1 */
  readonly pages?: number | undefined;
}

/** Largest number of pages of one report; models that do not fit are left out. */
export const maxReportPages: number = 64;

export interface InstanceLoad {
  /** Unique within the node. */
  readonly name: string;
  readonly url: string;
  readonly simulated: boolean;
  /** Version that Ollama reports; empty before its first answer. */
  readonly version: string;
  readonly state: InstanceState;
  /** Reason why the instance is not ready, as text; absent while it is ready. */
  readonly reason?: string | undefined;
  /** Requests allowed inside Ollama at once. */
  readonly slots: number;
  /** Requests inside Ollama now. */
  readonly busy: number;
  /** Requests waiting in the node-agent's queue. */
  readonly queued: number;
  readonly maxQueue: number;
  /** Expected wait for a slot of a request that arrives now, milliseconds; absent from older node-agents. */
  readonly waitMs?: number | undefined;
  /** Changes whenever the answer to `describe` changes. */
  readonly catalogueRevision: number;
  readonly models: readonly ModelLoad[];
  /** Models that the instance refuses; absent while it serves its requests. At most 16. */
  readonly refusals?: readonly RefusalReport[] | undefined;
}

/**
 * An instance, or one model on it, that refuses requests although it answers probes: three failures in a row, or
 * failures in at least half of the last ten or more requests, and no success since then.
 */
export interface RefusalReport {
  /** Name of the model as Ollama lists it; absent if the whole instance refuses. */
  readonly model?: string | undefined;
  /** Text of the last refusal, without addresses. */
  readonly reason: string;
  /** Failures since the last success. */
  readonly inRow: number;
  /** Milliseconds since the last failure, when this was reported. */
  readonly ageMs: number;
}

/**
 * `starting`: has not answered yet · `ready` · `down`: does not answer, or its answers are not those of an Ollama ·
 * `draining`.
 */
export type InstanceState = 'starting' | 'ready' | 'down' | 'draining';

export interface ModelLoad {
  /** With its tag, e.g. `llama3.2:latest`. */
  readonly name: string;
  readonly digest: string;
  readonly loaded: boolean;
  readonly sizeBytes: number;
  /** 0 unless loaded. */
  readonly vramBytes: number;
  /** Context of the loaded model, tokens; absent unless Ollama lists it as loaded. */
  readonly contextLength?: number | undefined;
  /** Requests for the model inside Ollama (`busy`) and in the node-agent's queue (`queued`). */
  readonly busy: number;
  readonly queued: number;
  /** Learnt service time of a request for the model, milliseconds; absent until a request was served. */
  readonly serviceMs?: number | undefined;
  /** Learnt time to the first byte including a load of the model, milliseconds; absent until a load was seen. */
  readonly coldMs?: number | undefined;
}

/** @default 20 */
export const loadReportDebounceMs: number = 20;

const count = z.number().int().min(0);

/** Longest `reason` in characters; a longer one is cut. */
export const maxReasonChars: number = 500;

export const loadReportSchema: z.ZodType<LoadReport> = z.object({
  v: z.literal(1),
  node: z.string().min(1).max(64),
  incarnation: z.number(),
  seq: count,
  page: count.optional(),
  pages: z.number().int().min(1).max(maxReportPages).optional(),
  instances: wireArray(
    z.object({
      name: z.string().min(1).max(64),
      url: z.string(),
      simulated: z.boolean(),
      version: z.string(),
      state: z.enum(['starting', 'ready', 'down', 'draining']),
      reason: z.string().max(maxReasonChars).optional(),
      slots: count,
      busy: count,
      queued: count,
      maxQueue: count,
      waitMs: z.number().min(0).optional(),
      catalogueRevision: count,
      models: wireArray(
        z.object({
          name: z.string(),
          digest: z.string(),
          loaded: z.boolean(),
          sizeBytes: z.number().min(0),
          vramBytes: z.number().min(0),
          contextLength: count.optional(),
          busy: count,
          queued: count,
          serviceMs: z.number().min(0).optional(),
          coldMs: z.number().min(0).optional(),
        }),
      ),
      refusals: z
        .array(
          z.object({
            model: z.string().optional(),
            reason: z.string(),
            inRow: count,
            ageMs: z.number().min(0),
          }),
        )
        .optional(),
    }),
  ),
});
