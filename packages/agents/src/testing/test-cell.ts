import type { Logger } from '@drover/actor-core';
import { controlStream } from '@drover/actor-core/cluster';
import { type Log, RecordWriter } from '@drover/actor-core/durable';
import {
  advance,
  createTestHub,
  createTestNode,
  type ManualClock,
  settle,
  seededRandom,
  type TestHub,
  type TestNode,
} from '@drover/actor-core/testing';
import { type ScriptedFleet, scriptedFleet } from '@drover/fleet/testing';
import { type PrincipalSigner, startPrincipalSigner } from '@drover/fleet';
import type { AgentCall } from '../agent/agent-actor.ts';
import type { AgentStatus } from '../agents-client.ts';
import { createAgentsClient, type OwnedAgentsClient } from '../client/create-agents-client.ts';
import type { AgentsConfig } from '../config.ts';
import { type AgentHost, startAgentHost } from '../host/start-agent-host.ts';

export interface TestHost {
  readonly node: TestNode;
  readonly host: AgentHost;
  readonly fleet: ScriptedFleet;
}

export interface TestCell {
  readonly hub: TestHub<ManualClock>;
  readonly hosts: Map<string, TestHost>;
  readonly client: OwnedAgentsClient;
  readonly gateway: TestNode;
  /** Undefined for a client that does not sign. */
  readonly signer: PrincipalSigner | undefined;
  /** What the model calls of all hosts have used, in the order of their ends. */
  readonly calls: readonly AgentCall[];
  readonly start: (nodeId: string) => Promise<TestHost>;
  /** The scripted fleet of a running host. */
  readonly fleetOf: (nodeId: string) => ScriptedFleet;
  /** Crashes the node without a leave message, as kill -9 does. */
  readonly kill: (nodeId: string) => void;
  readonly advance: (ms: number) => Promise<void>;
  /** Advances the clock until the promise settles, at most by `maxMs`. */
  readonly during: <T>(promise: Promise<T>, maxMs?: number) => Promise<T>;
  readonly until: (what: string, probe: () => unknown, maxMs?: number) => Promise<void>;
  readonly untilStatus: (id: string, status: AgentStatus, maxMs?: number) => Promise<void>;
  /** The node of the newest lead record. */
  readonly leader: () => Promise<string>;
}

/** Hosts and one gateway on the memory hub with a manual clock and scripted fleets. */
export async function startTestCell(
  options: {
    hosts?: readonly string[];
    seed?: number;
    config?: Partial<AgentsConfig>;
    log?: Logger;
    /** Memory hub to use. @default a new one */
    hub?: TestHub<ManualClock>;
    /** Wraps the log that a host uses. */
    logOf?: (nodeId: string, log: Log) => Log;
    /** The client signs its requests. @default false */
    signs?: boolean;
  } = {},
): Promise<TestCell> {
  const hub = options.hub ?? createTestHub({ random: seededRandom(options.seed ?? 1) });
  const hosts = new Map<string, TestHost>();
  const incarnations = new Map<string, number>();
  const logger = options.log === undefined ? {} : { log: options.log };
  const logOf = options.logOf ?? ((_: string, log: Log): Log => log);
  const gateway = createTestNode(hub, { nodeId: 'gateway', roles: ['gateway'], ...logger });
  const signer = options.signs === true ? startPrincipalSigner(gateway) : undefined;
  const calls: AgentCall[] = [];
  const client = createAgentsClient(gateway, options.config, signer);
  const cell: TestCell = {
    hub,
    hosts,
    client,
    gateway,
    signer,
    calls,
    async start(nodeId) {
      const incarnation = (incarnations.get(nodeId) ?? 0) + 1;
      incarnations.set(nodeId, incarnation);
      const node = createTestNode(hub, { nodeId, incarnation, ...logger });
      const fleet = scriptedFleet();
      fleet.mode = 'echo';
      const log = logOf(nodeId, node.storage.log);
      const storage = { ...node.storage, log, writer: new RecordWriter({ ...hub, log }) };
      const host = await startAgentHost({ ...node, storage }, fleet, options.config, {
        onCall: (call) => void calls.push(call),
      });
      const started = { node, fleet, host };
      hosts.set(nodeId, started);
      return started;
    },
    fleetOf(nodeId) {
      const host = hosts.get(nodeId);
      if (!host) throw new Error(`no host ${nodeId} runs`);
      return host.fleet;
    },
    kill(nodeId) {
      hosts.get(nodeId)?.node.crash();
      hosts.delete(nodeId);
    },
    advance: (ms) => advance(hub.clock, ms),
    async during(promise, maxMs = 15_000) {
      const pending = { is: true };
      const watching = promise.then(
        () => (pending.is = false),
        () => (pending.is = false),
      );
      for (let left = maxMs; pending.is && left > 0; left -= 50) await advance(hub.clock, 50);
      if (pending.is) throw new Error(`not settled within ${maxMs} ms of the clock`);
      await watching;
      return promise;
    },
    async until(what, probe, maxMs = 15_000) {
      for (let left = maxMs; left > 0; left -= 50) {
        if (probe()) return;
        await advance(hub.clock, 50);
      }
      throw new Error(`not within ${maxMs} ms of the clock: ${what}`);
    },
    async untilStatus(id, status, maxMs = 15_000) {
      for (let left = maxMs; left > 0; left -= 250) {
        const agent = await cell.during(client.get(id), left);
        if (agent.status === status) return;
        await advance(hub.clock, 200);
      }
      throw new Error(`agent ${id} was not ${status} within ${maxMs} ms of the clock`);
    },
    async leader() {
      const { subjects } = gateway;
      const record = await hub.logs
        .connect('watcher')
        .readLast(controlStream(subjects.cell, 'agents'), subjects.control('agents', 'lead'));
      return (JSON.parse(new TextDecoder().decode(record?.payload)) as { leader: string }).leader;
    },
  };
  for (const nodeId of options.hosts ?? ['host-1', 'host-2']) await cell.start(nodeId);
  await advance(hub.clock, 1_000);
  await settle();
  return cell;
}
