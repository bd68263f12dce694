import type { Logger } from '@drover/actor-core';
import { type ClusterNode, controlStream } from '@drover/actor-core/cluster';
import type { StoredRecord } from '@drover/actor-core/durable';
import { agentsGroup } from '../protocol/limits.ts';
import { type AgentRecord, decodeAgentRecord } from './agent-record.ts';
import { RecordUnreadableError } from './record-codec.ts';
import { decodeRunRecord, type RunRecord } from './run-record.ts';

export function agentSubject(node: ClusterNode, slot: number): string {
  return node.subjects.control(agentsGroup, 'agent', String(slot));
}

export function runSubject(node: ClusterNode, slot: number): string {
  return node.subjects.control(agentsGroup, 'run', String(slot));
}

/** Everything recorded, from the stream's leader. @throws StoreUnavailableError */
export async function readRecords(node: ClusterNode): Promise<{ agents: AgentRecord[]; runs: RunRecord[] }> {
  const stream = controlStream(node.subjects.cell, agentsGroup);
  const [agents, runs] = await Promise.all([
    node.store.readAllLast(stream, node.subjects.control(agentsGroup, 'agent', '*')),
    node.store.readAllLast(stream, node.subjects.control(agentsGroup, 'run', '*')),
  ]);
  return {
    agents: decodeAll(agents, decodeAgentRecord, node.log),
    runs: decodeAll(runs, decodeRunRecord, node.log),
  };
}

/** Undefined when the slot belongs to another run by now. @throws StoreUnavailableError, RecordUnreadableError */
export async function readRun(
  node: ClusterNode,
  slot: number,
  runId: string,
): Promise<RunRecord | undefined> {
  const subject = runSubject(node, slot);
  const stored = await node.store.readLast(controlStream(node.subjects.cell, agentsGroup), subject);
  const record = stored && decodeRunRecord(subject, stored.payload);
  return record?.runId === runId ? record : undefined;
}

/** One broken record must not keep every agent from being led: it is left out, aloud. */
function decodeAll<T>(
  stored: readonly StoredRecord[],
  decode: (subject: string, payload: Uint8Array) => T,
  log: Logger,
): T[] {
  return stored.flatMap(({ subject, payload }) => {
    try {
      return [decode(subject, payload)];
    } catch (error) {
      if (!(error instanceof RecordUnreadableError)) throw error;
      log.error(
        { err: error, subject },
        `agents: ${error.message}; it is left out, look at it with any NATS tool`,
      );
      return [];
    }
  });
}
