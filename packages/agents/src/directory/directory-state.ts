import { PendingWrites, SlotPool } from '@drover/actor-core/internal';
import { type AgentsConfig, defaultTaskMs } from '../config.ts';
import type { ReportedState } from '../protocol/host-report.ts';
import type { AgentRecord } from './agent-record.ts';
import type { Moment } from './directory-event.ts';
import { HostTable } from './host-table.ts';
import type { RunRecord } from './run-record.ts';

/**
 * All that a leader knows, rebuilt from the records each time a host becomes leader. Owned by one directory actor and
 * changed in place by `decideDirectory`.
 */
export interface DirectoryState<R> {
  readonly config: AgentsConfig;
  /** Agent types that may be spawned. */
  readonly types: ReadonlySet<string>;
  readonly agents: Map<string, AgentEntry<R>>;
  readonly agentOfKey: Map<string, string>;
  readonly agentSlots: SlotPool;
  readonly runs: Map<string, RunEntry<R>>;
  readonly runSlots: SlotPool;
  /** Active runs whose agent has no record any more: ended at the first tick. */
  readonly orphanRuns: string[];
  nextRunOrdinal: number;
  readonly hosts: HostTable;
  readonly writes: PendingWrites<PendingWrite>;
}

/**
 * `unplaced`: no host runs it, its entity is to be active · `activating`: a host owns it, and has not confirmed yet
 * that it runs · `active`: the host has confirmed that · `stopped`: ended for good.
 */
export type AgentPhase = 'unplaced' | 'activating' | 'active' | 'stopped';

export interface AgentEntry<R> {
  record: AgentRecord;
  /** The newest record is known to be in the stream. */
  durable: boolean;
  /** Some record is in the stream: the agent exists. */
  isRecorded: boolean;
  phase: AgentPhase;
  /** Orders to the host, or attempts to activate the entity, since the phase began. */
  orders: number;
  /** Instant at which the next one is due. */
  dueAtMs: number;
  /** Why the agent last lost its place, for people. */
  lostBecause: string;
  /** State that the host has reported for this incarnation. */
  reported: ReportedState;
  /**
   * Instant after which the askers of a spawn that is not durable yet have been told that it failed; Infinity once it
   * is durable.
   */
  answerByMs: number;
  /** Spawn and stop requests to answer once the agent runs or is stopped. */
  waiters: Waiter<R>[];
  /** Recorded runs that have not ended. */
  readonly running: Set<string>;
}

export interface Waiter<R> {
  readonly replyTo: R;
  readonly untilMs: number;
}

export interface RunEntry<R> {
  /** The output text is dropped once the outcome is durable. */
  record: RunRecord;
  durable: boolean;
  /** The agent's host has confirmed that it received the run. */
  dispatched: boolean;
  /** Inventories in a row that lacked the run. */
  missed: number;
  /** Instant at which the next dispatch is due. */
  dueAtMs: number;
  /** Instant at which the leader ends the run by itself, because no host has reported its end. */
  endByMs: number;
  /** Submit requests to answer once the record is durable. */
  waiters: R[];
  /** Host that repeats the outcome of the run until it receives `recorded`. */
  settledBy: string | undefined;
}

export type PendingWrite =
  | { readonly kind: 'agent'; readonly id: string; readonly record: AgentRecord }
  | { readonly kind: 'run'; readonly runId: string; readonly record: RunRecord };

/** The state of a new leader from the records of the stream, in any order. */
export function loadDirectory<R>(
  config: AgentsConfig,
  types: ReadonlySet<string>,
  records: { readonly agents: readonly AgentRecord[]; readonly runs: readonly RunRecord[] },
  nowMs: number,
  wallMs: number,
): DirectoryState<R> {
  const state: DirectoryState<R> = {
    config,
    types,
    agents: new Map(),
    agentOfKey: new Map(),
    agentSlots: new SlotPool(config.maxAgents),
    runs: new Map(),
    runSlots: new SlotPool(config.maxRuns),
    orphanRuns: [],
    nextRunOrdinal: 0,
    hosts: new HostTable(config, nowMs),
    writes: new PendingWrites(),
  };
  loadAgents(state, records.agents, nowMs);
  loadRuns(state, records.runs, { nowMs, wallMs });
  return state;
}

function loadAgents<R>(state: DirectoryState<R>, records: readonly AgentRecord[], nowMs: number): void {
  const inOrder = records.toSorted((a, b) => a.createdAtMs - b.createdAtMs || a.slot - b.slot);
  for (const record of inOrder) {
    state.agents.set(record.id, {
      ...newAgentEntry<R>(record),
      durable: true,
      isRecorded: true,
      phase: record.life === 'stopped' ? 'stopped' : record.node === '' ? 'unplaced' : 'activating',
      // The survey comes first; an activation is ordered only if the host does not list the agent.
      dueAtMs: nowMs + 2 * state.config.activationTimeoutMs,
    });
    if (record.withdrawn !== true) state.agentOfKey.set(record.key, record.id);
  }
  state.agentSlots.load(
    inOrder.map((record) => record.slot),
    inOrder.filter((record) => record.life === 'stopped').map((record) => [record.id, record.slot]),
  );
}

function loadRuns<R>(
  state: DirectoryState<R>,
  records: readonly RunRecord[],
  { nowMs, wallMs }: Pick<Moment, 'nowMs' | 'wallMs'>,
): void {
  const inOrder = records.toSorted((a, b) => a.ordinal - b.ordinal);
  for (const record of inOrder) {
    const running = record.outcome === undefined;
    state.runs.set(record.runId, {
      record: running ? record : withoutText(record),
      durable: true,
      dispatched: false,
      missed: 0,
      dueAtMs: nowMs + 2 * state.config.activationTimeoutMs,
      endByMs: endByMs(state.config, record, { nowMs, wallMs }),
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

/**
 * When a leader ends a run by itself: some time after its deadline, which is the host's to keep. The wall clock, which
 * may jump, shortens or lengthens the time by no more than the timeout.
 */
export function endByMs(
  config: AgentsConfig,
  { timeoutMs = defaultTaskMs(config), deadlineAtMs }: Pick<RunRecord, 'timeoutMs' | 'deadlineAtMs'>,
  { nowMs, wallMs }: Pick<Moment, 'nowMs' | 'wallMs'>,
): number {
  const leftMs = deadlineAtMs === undefined ? timeoutMs : Math.min(timeoutMs, deadlineAtMs - wallMs);
  return nowMs + Math.max(0, leftMs) + config.silenceMs;
}

export function newAgentEntry<R>(record: AgentRecord): AgentEntry<R> {
  return {
    record,
    durable: false,
    isRecorded: false,
    phase: 'unplaced',
    orders: 0,
    dueAtMs: Number.POSITIVE_INFINITY,
    lostBecause: 'it runs nowhere',
    reported: 'ready',
    answerByMs: Number.POSITIVE_INFINITY,
    waiters: [],
    running: new Set(),
  };
}

/** What a leader keeps in memory of an ended run: input and output stay in the stream. */
function withoutText(record: RunRecord): RunRecord {
  const { input: _, outcome, ...rest } = record;
  if (outcome?.status !== 'completed') return { ...rest, outcome };
  return { ...rest, outcome: { ...outcome, output: '' } };
}
