import type { AgentsConfig } from '../config.ts';
import type { HostedAgent, ReportedState } from '../protocol/directory-message.ts';
import type { AgentRecord } from './agent-record.ts';
import type { HostSeen } from './directory-event.ts';
import type { RunRecord } from './run-record.ts';
import { SlotPool } from './slot-pool.ts';

/**
 * All that a leader knows, rebuilt from the records at each takeover. Owned by one directory actor and changed in
 * place by `decideDirectory`, as raft's `Step` does; nothing in it is shared.
 */
export interface DirectoryState<R> {
  readonly config: AgentsConfig;
  /** Types that may be spawned. */
  readonly types: ReadonlySet<string>;
  readonly takenOverAtMs: number;
  readonly agents: Map<string, AgentEntry<R>>;
  readonly agentOfKey: Map<string, string>;
  readonly agentSlots: SlotPool;
  readonly runs: Map<string, RunEntry<R>>;
  readonly runSlots: SlotPool;
  /** Running, but their agent's record is gone: ended at the first tick. */
  readonly orphanRuns: string[];
  nextRunOrdinal: number;
  readonly hosts: Map<string, HostEntry>;
  readonly writes: Map<number, PendingWrite>;
  nextWrite: number;
  nextSurvey: number;
}

/**
 * `homeless`: waits for a live host · `activating`: placed, its host has not confirmed · `active`: its host said
 * that it runs · `stopped`.
 */
export type AgentPhase = 'homeless' | 'activating' | 'active' | 'stopped';

export interface AgentEntry<R> {
  record: AgentRecord;
  /** The newest record is known to be in the stream. */
  durable: boolean;
  phase: AgentPhase;
  reported: ReportedState;
  /** Activation orders sent for this life by this leader. */
  orders: number;
  /** When the next order, or the next look for a host, is due. */
  dueAtMs: number;
  confirmedAtMs: number;
  /** A host that did not answer; another is preferred. */
  avoid: string;
  /** Spawn requests to answer when it runs. */
  waiters: Waiter<R>[];
  /** Recorded runs that have not ended. */
  readonly running: Set<string>;
}

export interface Waiter<R> {
  readonly replyTo: R;
  readonly untilMs: number;
}

export interface RunEntry<R> {
  /** Without the output once that is durable. */
  record: RunRecord;
  durable: boolean;
  /** The agent's host has it. */
  dispatched: boolean;
  dueAtMs: number;
  /** Who waits for `submitted`. */
  waiters: R[];
  /** Host whose outbox waits for `recorded`. */
  settledBy: string | undefined;
}

export interface HostEntry extends HostSeen {
  surveyDueAtMs: number;
  survey:
    | {
        readonly number: number;
        readonly sentAtMs: number;
        readonly pages: Map<number, readonly HostedAgent[]>;
      }
    | undefined;
}

export type PendingWrite =
  | { readonly kind: 'agent'; readonly id: string; readonly record: AgentRecord }
  | { readonly kind: 'run'; readonly runId: string; readonly record: RunRecord };

/** Waiting spawn requests for one agent, and submit requests for one run. */
export const maxWaiters: number = 32;

/** The state of a new leader out of what the stream holds, in any order. */
export function loadDirectory<R>(
  config: AgentsConfig,
  types: ReadonlySet<string>,
  records: { readonly agents: readonly AgentRecord[]; readonly runs: readonly RunRecord[] },
  nowMs: number,
): DirectoryState<R> {
  const state: DirectoryState<R> = {
    config,
    types,
    takenOverAtMs: nowMs,
    agents: new Map(),
    agentOfKey: new Map(),
    agentSlots: new SlotPool(config.maxAgents),
    runs: new Map(),
    runSlots: new SlotPool(config.maxRuns),
    orphanRuns: [],
    nextRunOrdinal: 0,
    hosts: new Map(),
    writes: new Map(),
    nextWrite: 1,
    nextSurvey: 1,
  };
  loadAgents(state, records.agents, nowMs);
  loadRuns(state, records.runs, nowMs);
  return state;
}

function loadAgents<R>(state: DirectoryState<R>, records: readonly AgentRecord[], nowMs: number): void {
  const inOrder = records.toSorted((a, b) => a.createdAtMs - b.createdAtMs || a.slot - b.slot);
  for (const record of inOrder) {
    state.agents.set(record.id, {
      ...newAgentEntry<R>(record),
      durable: true,
      phase: record.life === 'stopped' ? 'stopped' : 'activating',
      // Its host is asked first what it runs; only then is a silent one ordered to run it.
      dueAtMs: nowMs + 2 * state.config.activationTimeoutMs,
    });
    state.agentOfKey.set(record.key, record.id);
  }
  state.agentSlots.load(
    inOrder.map((record) => record.slot),
    inOrder.filter((record) => record.life === 'stopped').map((record) => [record.id, record.slot]),
  );
}

function loadRuns<R>(state: DirectoryState<R>, records: readonly RunRecord[], nowMs: number): void {
  const inOrder = records.toSorted((a, b) => a.ordinal - b.ordinal);
  for (const record of inOrder) {
    const running = record.outcome === undefined;
    state.runs.set(record.runId, {
      record: running ? record : withoutText(record),
      durable: true,
      dispatched: false,
      dueAtMs: nowMs + 2 * state.config.activationTimeoutMs,
      waiters: [],
      settledBy: undefined,
    });
    if (running) {
      const agent = state.agents.get(record.agentId);
      if (agent) agent.running.add(record.runId);
      else state.orphanRuns.push(record.runId);
    }
    state.nextRunOrdinal = Math.max(state.nextRunOrdinal, record.ordinal + 1);
  }
  state.runSlots.load(
    inOrder.map((record) => record.slot),
    inOrder.filter((record) => record.outcome !== undefined).map((record) => [record.runId, record.slot]),
  );
}

export function newAgentEntry<R>(record: AgentRecord): AgentEntry<R> {
  return {
    record,
    durable: false,
    phase: 'activating',
    reported: 'ready',
    orders: 0,
    dueAtMs: Number.POSITIVE_INFINITY,
    confirmedAtMs: 0,
    avoid: '',
    waiters: [],
    running: new Set(),
  };
}

/** What a leader keeps in memory of a settled run: its texts stay in the stream. */
function withoutText(record: RunRecord): RunRecord {
  const { input: _, outcome, ...rest } = record;
  if (outcome?.status !== 'completed') return { ...rest, outcome };
  return { ...rest, outcome: { ...outcome, output: '' } };
}
