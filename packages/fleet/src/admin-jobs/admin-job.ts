import { encodeToken } from '@drover/actor-core/internal';
import { z } from 'zod';
import { modelKey } from '../protocol/model-name.ts';
import { type RequestPrincipal, requestPrincipalSchema } from '../protocol/signed-principal.ts';

/** What Ollama does with a model outside inference. */
export type AdminOperation = 'pull' | 'push' | 'create' | 'copy' | 'delete';

/**
 * - `waiting`: its node-agent has not begun
 * - `running`: its node-agent has begun; it goes on after a restart
 * - `done`, `failed`: over
 */
export type AdminJobState = 'waiting' | 'running' | 'done' | 'failed';

/** One Ollama of the fleet. */
export interface AdminTarget {
  readonly node: string;
  readonly instance: string;
}

/** One thing that Ollama said while it worked: a layer with its bytes, or a plain status. */
export interface AdminStep {
  readonly status: string;
  readonly digest?: string | undefined;
  readonly total?: number | undefined;
  /** Only grows. */
  readonly completed?: number | undefined;
}

/**
 * One operation on one model at one Ollama: a durable record, executed by the node-agent of that Ollama. There is at
 * most one for each operation, model and Ollama; a later run replaces a run that is over.
 */
export interface AdminJob extends AdminTarget {
  readonly v: 1;
  /** Of this run. */
  readonly id: string;
  /** Shared by the runs that one request has begun. */
  readonly batch: string;
  readonly operation: AdminOperation;
  /** The model that is pulled, pushed, created or deleted, or that the copy becomes. */
  readonly model: string;
  /** Other fields of Ollama's request, such as `insecure`, `source` or `from`. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly state: AdminJobState;
  /** In the order in which they appeared first; each digest, and each other status, once. */
  readonly steps: readonly AdminStep[];
  /** How often a node-agent has begun. */
  readonly attempts: number;
  readonly submittedAtMs: number;
  /** Who submitted it. Absent in jobs of 0.3.0, and of the cluster itself. */
  readonly principal?: RequestPrincipal | undefined;
  /** Ollama's text, of a job that failed. */
  readonly error?: string | undefined;
  /** Ollama's status, of a job that failed before it sent a line. */
  readonly errorStatus?: number | undefined;
}

/** Steps that are kept of one job. */
export const maxAdminSteps = 128;
/** Longest name of a model, and longest text of a step or an error, in characters. */
export const maxAdminTextChars = 512;
/** Largest record. */
export const maxAdminJobBytes: number = 256 * 1024;

const count = z.number().min(0);
const text = z.string().max(maxAdminTextChars);

export const adminStepSchema: z.ZodType<AdminStep> = z.object({
  status: text,
  digest: text.optional(),
  total: count.optional(),
  completed: count.optional(),
});

const adminJobSchema: z.ZodType<AdminJob> = z.object({
  v: z.literal(1),
  id: text,
  batch: text,
  node: text,
  instance: text,
  operation: z.enum(['pull', 'push', 'create', 'copy', 'delete']),
  model: text,
  request: z.record(z.string(), z.unknown()),
  state: z.enum(['waiting', 'running', 'done', 'failed']),
  steps: z.array(adminStepSchema).max(maxAdminSteps),
  attempts: z.number().int().min(0),
  submittedAtMs: z.number(),
  principal: requestPrincipalSchema.optional(),
  error: text.optional(),
  errorStatus: z.number().int().optional(),
});

/** Whether the job is done or has failed. */
export function isOver({ state }: Pick<AdminJob, 'state'>): boolean {
  return state === 'done' || state === 'failed';
}

/** The key of a job in the bucket: its node is the first token, which announcements are filtered by. */
export function adminJobKey(job: AdminTarget & Pick<AdminJob, 'operation' | 'model'>): string {
  return `${job.node}.${job.instance}.${job.operation}.${encodeToken(modelKey(job.model))}`;
}

export function encodeAdminJob(job: AdminJob): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(job));
}

/** Undefined for a value that is no job of this version. */
export function decodeAdminJob(value: Uint8Array): AdminJob | undefined {
  return readAdminJob(parseJson(value));
}

/** Undefined for a value that is no job of this version. */
export function readAdminJob(value: unknown): AdminJob | undefined {
  const read = adminJobSchema.safeParse(value);
  return read.success ? read.data : undefined;
}

/** Undefined for bytes that are no JSON. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
