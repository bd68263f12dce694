import { z } from 'zod';

/** Whose usage it is, and of what. */
export interface UsageOf {
  /** Empty: no key was asked for. */
  readonly keyId: string;
  readonly tenant: string;
  readonly model: string;
  /** Id of the agent that asked; empty: the client itself. */
  readonly agent: string;
}

/** What was used. */
export interface UsageCounts {
  readonly requests: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** Milliseconds in which a host worked on prompts and answers. */
  readonly workMs: number;
  /** Milliseconds that requests waited until they were inside an Ollama. */
  readonly queuedMs: number;
}

/** The usage of one hour, as one run of a gateway counted it so far. */
export interface UsageRow extends UsageOf, UsageCounts {}

export function addCounts(one: UsageCounts, other: UsageCounts): UsageCounts {
  return {
    requests: one.requests + other.requests,
    promptTokens: one.promptTokens + other.promptTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    workMs: one.workMs + other.workMs,
    queuedMs: one.queuedMs + other.queuedMs,
  };
}

export const noCounts: UsageCounts = Object.freeze({
  requests: 0,
  promptTokens: 0,
  outputTokens: 0,
  workMs: 0,
  queuedMs: 0,
});

const text = z.string().max(500);
const count = z.number().min(0);
/** Columns may be added at the end, never removed. */
const rowSchema = z
  .tuple([text, text, text, text, count, count, count, count, count])
  .rest(z.unknown())
  .transform(
    ([keyId, tenant, model, agent, requests, promptTokens, outputTokens, workMs, queuedMs]): UsageRow => ({
      keyId,
      tenant,
      model,
      agent,
      requests,
      promptTokens,
      outputTokens,
      workMs,
      queuedMs,
    }),
  );
const pageSchema = z.object({ v: z.literal(1), rows: z.array(rowSchema) });

export function encodeRows(rows: readonly UsageRow[]): Uint8Array {
  const packed = rows.map((row) => [
    row.keyId,
    row.tenant,
    row.model,
    row.agent,
    row.requests,
    row.promptTokens,
    row.outputTokens,
    Math.round(row.workMs),
    Math.round(row.queuedMs),
  ]);
  return new TextEncoder().encode(JSON.stringify({ v: 1, rows: packed }));
}

/** Empty for bytes that are no rows. */
export function decodeRows(bytes: Uint8Array): readonly UsageRow[] {
  try {
    return pageSchema.parse(JSON.parse(new TextDecoder().decode(bytes))).rows;
  } catch {
    return [];
  }
}
