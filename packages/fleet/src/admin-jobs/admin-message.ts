import { z } from 'zod';
import { type AdminJob, parseJson, readAdminJob } from './admin-job.ts';
import { type SignedPrincipal, signedPrincipalSchema } from '../protocol/signed-principal.ts';
import { type AdminReport, adminReportSchema } from './decide-admin-job.ts';

/**
 * Messages between a node-agent and a host about admin jobs, as JSON. A node-agent may not read the store, so a host
 * reads and writes it for the node-agent.
 */
export type AdminQuestion =
  | { readonly kind: 'list' }
  | { readonly kind: 'report'; readonly report: AdminReport };

/** A job for a node-agent. */
export interface HandedJob {
  readonly job: AdminJob;
  /** Who submitted the job, signed for the node-agent. Absent in answers of 0.3.0. */
  readonly principal?: SignedPrincipal | undefined;
}

/** `gone`: see `ReportDecision`. `busy`: the host could not reach the store; ask again. */
export type AdminAnswer =
  | { readonly kind: 'jobs'; readonly jobs: readonly HandedJob[] }
  | { readonly kind: 'noted' | 'gone' | 'busy' };

const questionSchema = z.discriminatedUnion('kind', [
  z.object({ v: z.literal(1), kind: z.literal('list') }),
  z.object({ v: z.literal(1), kind: z.literal('report'), report: adminReportSchema }),
]);
const answerSchema = z.discriminatedUnion('kind', [
  z.object({
    v: z.literal(1),
    kind: z.literal('jobs'),
    jobs: z.array(z.unknown()),
    /** In the order of the jobs. */
    principals: z.array(z.unknown()).optional(),
  }),
  z.object({ v: z.literal(1), kind: z.enum(['noted', 'gone', 'busy']) }),
]);

export function encodeAdminMessage(message: AdminQuestion | AdminAnswer): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify({ v: 1, ...('jobs' in message ? packed(message) : message) }),
  );
}

/** The jobs as 0.3.0 reads them, and the principals beside them. */
function packed({ kind, jobs }: Extract<AdminAnswer, { kind: 'jobs' }>): object {
  const principals = jobs.map(
    ({ principal }) =>
      principal && { ...principal, signature: Buffer.from(principal.signature).toString('base64') },
  );
  return { kind, jobs: jobs.map(({ job }) => job), principals };
}

const packedPrincipal = z.looseObject({ signature: z.string().max(200) });

function unpacked(value: unknown): SignedPrincipal | undefined {
  const read = packedPrincipal.safeParse(value).data;
  if (read === undefined) return undefined;
  const signature = new Uint8Array(Buffer.from(read.signature, 'base64'));
  return signedPrincipalSchema.safeParse({ ...read, signature }).data;
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
  const jobs = answer.jobs.flatMap((value, index): HandedJob[] => {
    const job = readAdminJob(value);
    return job === undefined ? [] : [{ job, principal: unpacked(answer.principals?.[index]) }];
  });
  return { kind: 'jobs', jobs };
}
