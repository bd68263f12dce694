import { RecordStore } from '@drover/actor-core/internal';
import type { ClusterNode } from '@drover/actor-core/cluster';
import { type AgentRecord, agentRecords } from './agent-record.ts';
import { type RunRecord, runRecords } from './run-record.ts';

export interface Records {
  readonly agents: readonly AgentRecord[];
  readonly runs: readonly RunRecord[];
}

/** The records of all agents and runs. */
export class DirectoryRecords {
  readonly agents: RecordStore<AgentRecord>;
  readonly runs: RecordStore<RunRecord>;

  constructor(node: ClusterNode) {
    this.agents = new RecordStore(node, agentRecords);
    this.runs = new RecordStore(node, runRecords);
  }

  /** @throws StoreUnavailableError */
  async readAll(): Promise<Records> {
    const [agents, runs] = await Promise.all([this.agents.readAll(), this.runs.readAll()]);
    return { agents, runs };
  }
}
