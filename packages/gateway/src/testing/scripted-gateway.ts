import { type Logger, systemClock } from '@drover/actor-core';
import { type MemoryOptions, startMemory, startQueues } from '@drover/actor-core/cluster';
import {
  createTestHub,
  createTestNode,
  type LogFaults,
  type TestHub,
  type TestNode,
} from '@drover/actor-core/testing';
import { type Gateway, type GatewayOptions, startGateway } from '../gateway.ts';
import { quotaLogSpec } from '../quota/quota-log.ts';
import { noAgents } from './no-agents.ts';
import { type ScriptedFleet } from '@drover/fleet/testing';
import { oneHostFleet } from './scripted-fleet.ts';

export interface ScriptedGateway {
  readonly gateway: Gateway;
  readonly url: string;
  readonly fleet: ScriptedFleet;
  readonly node: TestNode;
  /** The bus, on which a test can start further nodes. */
  readonly hub: TestHub;
  /** Log lines of the node so far. */
  readonly logs: readonly LoggedLine[];
  /** Decides what goes wrong with the store from now on. */
  faults(faults: LogFaults | undefined): void;
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface LoggedLine {
  readonly level: keyof Logger;
  readonly fields: object;
  readonly message: string;
}

/**
 * Starts a gateway on a real port, with a fleet whose answers the test writes. Stops at the end of the scope (`await
 * using`).
 */
export async function startScriptedGateway(
  options: Partial<GatewayOptions> = {},
  { hasQuotaLog = true, ...memoryOptions }: MemoryOptions & { readonly hasQuotaLog?: boolean } = {},
): Promise<ScriptedGateway> {
  const logs: LoggedLine[] = [];
  const at =
    (level: keyof Logger) =>
    (fields: object, message: string): void =>
      void logs.push({ level, fields, message });
  const log: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const hub = createTestHub({ clock: systemClock });
  const node = createTestNode(hub, { nodeId: 'gw', roles: ['gateway'], log });
  const fleet = oneHostFleet();
  if (hasQuotaLog) await hub.logs.connect('host').ensure(quotaLogSpec(node.subjects, 1));
  // No host is there to create the buckets.
  const memory = startMemory(node, { createsBuckets: true, ...memoryOptions });
  const queues = startQueues(node, { createsStreams: true });
  const gateway = await startGateway(node, { port: 0, agents: noAgents, fleet, memory, queues, ...options });
  return {
    gateway,
    url: gateway.url,
    fleet,
    node,
    hub,
    logs,
    faults: (faults) => {
      hub.logs.faults = faults;
    },
    post: (path, body, init) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return fetch(gateway.url + path, { method: 'POST', body: text, ...init });
    },
    [Symbol.asyncDispose]: async (): Promise<void> => {
      await gateway.stop({ drainTimeoutMs: 0 });
      memory.close();
      queues.close();
      await node.leave();
    },
  };
}
