import { z } from 'zod';
import { type AdminJob, parseJson, readAdminJob } from './admin-job.ts';
import { type AdminReport, adminReportSchema } from './decide-admin-job.ts';

/**
 * Messages between a node-agent and a host about admin jobs, as JSON. A node-agent may not read the store, so a host
 * reads and writes it for the node-agent.
 */
export type AdminQuestion =
  | { readonly kind: 'list' }
  | { readonly kind: 'report'; readonly report: AdminReport };

/** `gone`: see `ReportDecision`. `busy`: the host could not reach the store; ask again. */
export type AdminAnswer =
  | { readonly kind: 'jobs'; readonly jobs: readonly AdminJob[] }
  | { readonly kind: 'noted' | 'gone' | 'busy' };

const questionSchema = z.discriminatedUnion('kind', [
  z.object({ v: z.literal(1), kind: z.literal('list') }),
  z.object({ v: z.literal(1), kind: z.literal('report'), report: adminReportSchema }),
]);
const answerSchema = z.discriminatedUnion('kind', [
  z.object({ v: z.literal(1), kind: z.literal('jobs'), jobs: z.array(z.unknown()) }),
  z.object({ v: z.literal(1), kind: z.enum(['noted', 'gone', 'busy']) }),
]);

export function encodeAdminMessage(message: AdminQuestion | AdminAnswer): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ v: 1, ...message }));
}

/** Undefined for bytes that are no question of this version. */
export function decodeAdminQuestion(payload: Uint8Array): AdminQuestion | undefined {
  const read = questionSchema.safeParse(parseJson(payload));
  return read.success ? read.data : undefined;
}

/** Undefined for bytes that are no answer of this version. Jobs of other versions are left out. */
export function decodeAdminAnswer(payload: Uint8Array): AdminAnswer | undefined {
  const read = answerSchema.safeParse(parseJson(payload));
  if (!read.success) return undefined;
  const answer = read.data;
  if (answer.kind !== 'jobs') return answer;
  return { kind: 'jobs', jobs: answer.jobs.map(readAdminJob).filter((job) => job !== undefined) };
}
