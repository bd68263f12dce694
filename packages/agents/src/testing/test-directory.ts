import { type AgentsConfig, resolveConfig } from '../config.ts';
import type { AgentRecord } from '../directory/agent-record.ts';
import { decideDirectory } from '../directory/decide-directory.ts';
import type { DirectoryEffect, DirectoryEvent } from '../directory/directory-event.ts';
import { type DirectoryState, loadDirectory } from '../directory/directory-state.ts';
import type { HostSeen } from '../directory/host-table.ts';
import type { RunRecord } from '../directory/run-record.ts';
import type { HostedAgent, RunReport } from '../protocol/host-report.ts';

const random = { next: () => 0, id: () => 'unused' };
export const host = (node: string, incarnation = 1, takesAgents = true): HostSeen => ({
  node,
  incarnation,
  takesAgents,
});

/** A directory whose decisions are compared as transcripts: each function returns one line per effect. */
export interface TestDirectory {
  readonly state: DirectoryState<string>;
  readonly decide: (event: DirectoryEvent<string>) => string[];
  readonly tick: (...hosts: HostSeen[]) => string[];
  readonly advance: (ms: number) => void;
  readonly written: (write: number) => string[];
  readonly spawn: (
    id: string,
    changes?: { key?: string; type?: string; name?: string; replyTo?: string },
  ) => string[];
  readonly activated: (node: string, id: string, incarnation: number, nodeIncarnation?: number) => string[];
  /** The host owns the agent since the owner record with that sequence. */
  readonly owned: (
    node: string,
    id: string,
    owner: number,
    changes?: { nodeIncarnation?: number; isHandedOver?: boolean },
  ) => string[];
  readonly inventory: (node: string, ...agents: HostedAgent[]) => string[];
  readonly submit: (id: string, runId: string) => string[];
  readonly settle: (runId: string, from?: string) => string[];
}

export interface TestDirectoryOptions {
  readonly config?: Partial<AgentsConfig>;
  readonly agents?: readonly AgentRecord[];
  readonly runs?: readonly RunRecord[];
}

export function testDirectory(options: TestDirectoryOptions = {}): TestDirectory {
  const config = resolveConfig(options.config);
  let nowMs = 0;
  const state: DirectoryState<string> = loadDirectory(
    config,
    new Set(['assistant']),
    { agents: options.agents ?? [], runs: options.runs ?? [] },
    nowMs,
    1_000 + nowMs,
  );
  const decide = (event: DirectoryEvent<string>): string[] =>
    decideDirectory(state, event, { nowMs, wallMs: 1_000 + nowMs, random }).map(line);
  return {
    state,
    decide,
    tick: (...hosts: HostSeen[]): string[] => decide({ type: 'tick', hosts }),
    advance: (ms: number): void => {
      nowMs += ms;
    },
    written: (write: number): string[] => decide({ type: 'written', write }),
    spawn: (
      id: string,
      changes: { key?: string; type?: string; name?: string; replyTo?: string } = {},
    ): string[] =>
      decide({
        type: 'spawn',
        id,
        key: changes.key ?? `key-${id}`,
        spec: { type: changes.type ?? 'assistant', name: changes.name ?? 'ann' },
        model: 'm:latest',
        waitMs: 1_500,
        replyTo: changes.replyTo ?? 'client',
      }),
    activated: (node: string, id: string, incarnation: number, nodeIncarnation = 1): string[] =>
      decide({ type: 'activated', node, nodeIncarnation, id, incarnation }),
    owned: (node, id, owner, { nodeIncarnation = 1, isHandedOver = false } = {}): string[] =>
      decide({ type: 'owned', node, nodeIncarnation, agents: [{ id, owner, isHandedOver }] }),
    inventory: (node: string, ...agents: HostedAgent[]): string[] =>
      decide({ type: 'inventory', node, nodeIncarnation: 1, agents }),
    submit: (id: string, runId: string): string[] =>
      decide({ type: 'submit', id, runId, input: 'hi', timeoutMs: 1_000, replyTo: 'client' }),
    settle: (runId: string, from: string | undefined = 'h1'): string[] =>
      decide({ type: 'settle', run: report(runId), from }),
  };
}

export function report(runId: string): RunReport {
  const usage = { promptTokens: 1, completionTokens: 2, durationMs: 3 };
  return {
    runId,
    agentId: 'a1',
    incarnation: 1,
    node: 'h1',
    outcome: { status: 'completed', output: 'yes', usage },
  };
}

// oxlint-disable-next-line typescript/consistent-return -- every case returns; the compiler checks it
function line(effect: DirectoryEffect<string>): string {
  switch (effect.type) {
    case 'write-agent': {
      const { id, life, incarnation, node, nodeIncarnation, owner, slot } = effect.record;
      const by = owner === undefined ? '' : ` by ${owner}`;
      return `write #${effect.write} agent/${slot} ${id} ${life} ${incarnation}@${node}.${nodeIncarnation}${by}`;
    }
    case 'write-run': {
      const { runId, slot, outcome } = effect.record;
      const end =
        outcome === undefined ? 'running' : outcome.status === 'failed' ? outcome.code : 'completed';
      return `write #${effect.write} run/${slot} ${runId} ${end}`;
    }
    case 'start':
      return `start ${effect.id}`;
    case 'order': {
      const { order } = effect;
      if (order.kind === 'activate')
        return `order ${effect.node} activate ${order.agent.id} ${order.agent.incarnation}`;
      if (order.kind === 'deactivate')
        return `order ${effect.node} deactivate ${order.id} ${order.incarnation}`;
      if (order.kind === 'survey') return `order ${effect.node} survey ${order.survey}`;
      return `order ${effect.node} ${order.kind} ${order.runId}`;
    }
    case 'answer': {
      const { answer } = effect;
      if (answer.kind === 'agent' || answer.kind === 'pending') {
        const { id, status, node, incarnation } = answer.agent;
        return `answer ${effect.to} ${answer.kind} ${id} ${status} ${incarnation}@${node}`;
      }
      if (answer.kind === 'error') return `answer ${effect.to} error ${answer.code}`;
      if (answer.kind === 'run') return `answer ${effect.to} run ${answer.run.runId} ${answer.run.status}`;
      if (answer.kind === 'agents')
        return `answer ${effect.to} agents ${answer.agents.map((agent) => agent.id).join()}`;
      return `answer ${effect.to} ${answer.kind}`;
    }
    case 'read-run':
      return `read run/${effect.slot} for ${effect.to}`;
    case 'remedy': {
      const { action, subject, evidence } = effect.remedy;
      return `remedy ${action} ${subject} from ${evidence['from']} to ${evidence['to']}`;
    }
    case 'note':
      return `note ${effect.message}`;
  }
}

/** Two hosts; agent a1 runs on h1, which owns it since the sequence 10. Two records were written. */
export function directoryWithAgent(options: TestDirectoryOptions = {}): TestDirectory {
  const directory = testDirectory(options);
  directory.tick(host('h1'));
  directory.spawn('a1');
  directory.written(1);
  directory.owned('h1', 'a1', 10);
  directory.written(2);
  directory.activated('h1', 'a1', 1);
  directory.tick(host('h1'), host('h2'));
  return directory;
}

export const recordA1: AgentRecord = {
  v: 1,
  id: 'a1',
  slot: 0,
  type: 'assistant',
  name: 'ann',
  model: 'm:latest',
  options: {},
  life: 'active',
  incarnation: 4,
  node: 'h1',
  nodeIncarnation: 1,
  owner: 10,
  createdAtMs: 5,
  key: 'key-a1',
  request: '{"name":"ann","type":"assistant"}',
};
export const runR1: RunRecord = {
  v: 1,
  runId: 'r1',
  slot: 0,
  ordinal: 0,
  agentId: 'a1',
  incarnation: 4,
  node: 'h1',
  input: 'hi',
  timeoutMs: 1_000,
};

export function hosted(incarnation: number, runs: string[] = []): HostedAgent {
  return { id: 'a1', incarnation, state: 'busy', model: 'm:latest', runs };
}
