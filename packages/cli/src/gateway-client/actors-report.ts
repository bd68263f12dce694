import { z } from 'zod';

/** The answer of `GET /api/v1/actors`: the fields that the commands use. */
export interface ActorsReport {
  readonly nodes: readonly NodeActors[];
}

export interface NodeActors {
  readonly id: string;
  readonly role: string;
  readonly pid: number;
  readonly state: string;
  readonly evidenceAgeMs: number;
  readonly lagMs: number;
  /** Reason why the node did not answer; null when it did. */
  readonly silence: { readonly code: string; readonly message: string } | null;
  readonly uptimeMs: number | null;
  readonly total: number;
  readonly leftOut: number;
  readonly complete: boolean;
  readonly counters: { readonly [what: string]: number };
  /** Each actor before its children. */
  readonly actors: readonly ActorEntry[];
}

export interface ActorEntry {
  readonly path: string;
  readonly parent: string | null;
  readonly state: string;
  readonly mailboxDepth: number;
  readonly mailboxCapacity: number;
  readonly restarts: number;
  readonly messagesPerSecond: number | null;
  readonly uptimeMs: number;
  readonly children: number;
  readonly lastFailure: { readonly code: string; readonly message: string; readonly at: string } | null;
}

const figure = z.number().catch(0);
const text = z.string().catch('');

const actorSchema: z.ZodType<ActorEntry> = z.object({
  path: z.string(),
  parent: z.string().nullable(),
  state: text,
  mailboxDepth: figure,
  mailboxCapacity: figure,
  restarts: figure,
  messagesPerSecond: z.number().nullable().catch(null),
  uptimeMs: figure,
  children: figure,
  lastFailure: z.object({ code: text, message: text, at: text }).nullable().catch(null),
});

const reportSchema: z.ZodType<ActorsReport> = z.object({
  nodes: z.array(
    z.object({
      id: z.string(),
      role: text,
      pid: figure,
      state: text,
      evidenceAgeMs: figure,
      lagMs: figure,
      silence: z.object({ code: z.string(), message: z.string() }).nullable(),
      uptimeMs: z.number().nullable().catch(null),
      total: figure,
      leftOut: figure,
      complete: z.boolean().catch(true),
      counters: z.record(z.string(), z.number()).catch({}),
      actors: z.array(actorSchema),
    }),
  ),
});

/** Undefined if the value is not such an answer. */
export function readActorsReport(value: unknown): ActorsReport | undefined {
  const read = reportSchema.safeParse(value);
  return read.success ? read.data : undefined;
}
