import type { AgentMetrics } from '../agents-client.ts';
import type { DirectoryAnswer } from '../protocol/directory-answer.ts';
import { noSuchAgent } from './answers.ts';
import type { DirectoryState } from './directory-state.ts';
import { isVisible } from './list-agents.ts';
import type { RunRecord } from './run-record.ts';

/** The metrics of an agent, from the runs that the leader has recorded. */
export function metricsAnswer(state: DirectoryState<unknown>, id: string): DirectoryAnswer {
  const entry = state.agents.get(id);
  if (!entry || !isVisible(entry)) return noSuchAgent(id);
  const records = [...state.runs.values()]
    .map(({ record }) => record)
    .filter(({ agentId }) => agentId === id);
  const restarts = entry.record.incarnation - 1;
  return { kind: 'metrics', metrics: { id, ...workOf(records), restarts, keptRuns: state.config.maxRuns } };
}

/** Sums up the runs of one agent. Pure. */
export function workOf(
  records: readonly Pick<RunRecord, 'outcome'>[],
): Pick<AgentMetrics, 'runs' | 'tokens' | 'durationMs'> {
  const runs = { running: 0, completed: 0, failed: 0 };
  const failedBy = new Map<string, number>();
  const tokens = { prompt: 0, completion: 0 };
  const durations: number[] = [];
  for (const { outcome } of records) {
    runs[outcome?.status ?? 'running'] += 1;
    if (outcome?.status === 'failed') failedBy.set(outcome.code, (failedBy.get(outcome.code) ?? 0) + 1);
    if (outcome?.status !== 'completed') continue;
    tokens.prompt += outcome.usage.promptTokens;
    tokens.completion += outcome.usage.completionTokens;
    durations.push(outcome.usage.durationMs);
  }
  return {
    runs: { ...runs, failedBy: Object.fromEntries(failedBy) },
    tokens,
    durationMs: spreadOf(durations),
  };
}

function spreadOf(durations: readonly number[]): AgentMetrics['durationMs'] {
  const sorted = durations.toSorted((a, b) => a - b);
  if (sorted.length === 0) return null;
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  const sum = sorted.reduce((total, duration) => total + duration, 0);
  return { mean: sum / sorted.length, p50: at(0.5), p95: at(0.95), max: at(1) };
}
