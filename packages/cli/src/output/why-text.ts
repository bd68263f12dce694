import { z } from 'zod';
import { printable } from './figures.ts';
import { alignColumns } from './columns.ts';

/** The answer of `GET /api/v1/why/{requestId}`: the fields that are shown. */
export interface WhyReport {
  readonly requestId: string;
  readonly model: string;
  readonly chosen: { readonly node: string; readonly instance: string } | null;
  readonly candidates: readonly WhyCandidate[];
  readonly attempts: readonly WhyAttempt[];
  readonly outcome: string;
  readonly error?: { readonly code: string; readonly message: string } | undefined;
  readonly ageMs: number;
}

interface WhyCandidate {
  readonly node: string;
  readonly instance: string;
  readonly cost: number | null;
  readonly parts: Readonly<Record<string, unknown>>;
  readonly reason: string;
}

interface WhyAttempt {
  readonly node: string;
  readonly instance: string;
  readonly startedMs: number;
  readonly endedMs: number | null;
  readonly outcome: string;
  readonly status?: number | undefined;
  readonly code?: string | undefined;
  readonly message?: string | undefined;
}

const whySchema: z.ZodType<WhyReport> = z.object({
  requestId: z.string(),
  model: z.string(),
  chosen: z.object({ node: z.string(), instance: z.string() }).nullable(),
  candidates: z.array(
    z.object({
      node: z.string(),
      instance: z.string(),
      cost: z.number().nullable(),
      parts: z.record(z.string(), z.unknown()),
      reason: z.string(),
    }),
  ),
  attempts: z.array(
    z.object({
      node: z.string(),
      instance: z.string(),
      startedMs: z.number(),
      endedMs: z.number().nullable(),
      outcome: z.string(),
      status: z.number().optional(),
      code: z.string().optional(),
      message: z.string().optional(),
    }),
  ),
  outcome: z.string(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
  ageMs: z.number(),
});

/** Undefined if the value is not such an answer. */
export function readWhyReport(answer: unknown): WhyReport | undefined {
  return whySchema.safeParse(answer).data;
}

/** The decisions of one request as text: the chosen host, each attempt, and the reason for each candidate. */
export function whyText(report: WhyReport): string[] {
  const { requestId, model, chosen, candidates, attempts, outcome, error, ageMs } = report;
  const where = chosen === null ? 'went to no host' : `went to ${chosen.instance} on ${chosen.node}`;
  const head = `request ${requestId} for ${model} ${where}: ${outcome}, came ${(ageMs / 1_000).toFixed(1)} s ago`;
  return [
    head,
    ...(error === undefined ? [] : [`error ${error.code}: ${error.message}`]),
    ...section('attempts', attempts.map(attemptRow), ['HOST', 'FROM', 'TO', 'OUTCOME', 'DETAIL']),
    ...section('candidates at the last decision', candidates.map(candidateRow), [
      'HOST',
      'WAIT',
      'BUSY',
      'QUEUED',
      'REASON',
    ]),
  ].map(printable);
}

function section(title: string, rows: string[][], heading: string[]): string[] {
  return rows.length === 0 ? [] : ['', title, ...alignColumns([heading, ...rows])];
}

function attemptRow(attempt: WhyAttempt): string[] {
  const { node, instance, startedMs, endedMs, outcome, status, code, message } = attempt;
  const detail = [status === undefined ? '' : String(status), code ?? '', message ?? ''];
  return [
    `${node}/${instance}`,
    `${startedMs} ms`,
    endedMs === null ? '-' : `${endedMs} ms`,
    outcome,
    detail.filter((part) => part !== '').join(' '),
  ];
}

function candidateRow({ node, instance, cost, parts, reason }: WhyCandidate): string[] {
  return [
    `${node}/${instance}`,
    cost === null ? '-' : `${cost} ms`,
    `${figure(parts['busy'])}/${figure(parts['slots'])}`,
    figure(parts['queued']),
    reason,
  ];
}

function figure(value: unknown): string {
  return typeof value === 'number' ? String(value) : '-';
}
