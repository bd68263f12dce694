import { systemClock } from '@drover/actor-core';
import { createTestHub, createTestNode, type TestHub, type TestNode } from '@drover/actor-core/testing';
import { serveAdminJobs } from '@drover/fleet';
import { type NodeAgent, type NodeAgentOptions, startNodeAgent } from '@drover/node-agent';
import { type OllamaSim, type OllamaSimOptions, startOllamaSim } from '@drover/ollama-sim';
import { noTracer, type Tracer } from '@drover/telemetry';
import { type Gateway, type GatewayOptions, startGateway } from '../gateway.ts';
import { keepKeptBucket } from '../keeping/kept-records.ts';
import { noAgents } from './no-agents.ts';
import { announceAdminJobs } from './announce-admin-jobs.ts';
import { until } from './until.ts';

export interface Stack {
  /** The bus, on which a test can start further nodes. */
  readonly hub: TestHub;
  readonly gateway: Gateway;
  readonly node: TestNode;
  readonly sims: readonly OllamaSim[];
  readonly agents: readonly NodeAgent[];
  end(): Promise<void>;
}

export interface StackOptions {
  /** One simulated Ollama, with a node-agent of its own, for each. @default one */
  readonly sims?: readonly OllamaSimOptions[];
  /** Addresses of Ollamas instead of simulated ones. */
  readonly hosts?: readonly string[];
  readonly agent?: Partial<NodeAgentOptions>;
  readonly slots?: number;
  /** Of the gateway and of the node-agents. @default records nothing */
  readonly tracer?: Tracer;
  readonly gateway?: Partial<GatewayOptions>;
}

/**
 * Starts all parts of a fleet in one process, in real time: HTTP, gateway, memory bus, node-agents, simulated Ollamas.
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const hub = createTestHub({ clock: systemClock });
  const node = createTestNode(hub, { nodeId: 'gw', roles: ['gateway'] });
  const host = createTestNode(hub, { nodeId: 'keeper', roles: ['host'] });
  const stopJobs = serveAdminJobs(host);
  const stopKeeping = keepKeptBucket(host);
  const sims = await Promise.all(
    (options.hosts ? [] : (options.sims ?? [{}])).map((sim) => startOllamaSim({ loadMs: 0, ...sim })),
  );
  const hosts = options.hosts ?? sims.map(({ url }) => url);
  const agentNodes = hosts.map((_, index) =>
    createTestNode(hub, { nodeId: `host-${index}`, roles: ['node-agent'] }),
  );
  const agents = await Promise.all(
    agentNodes.map((agentNode, index) =>
      startNodeAgent(
        agentNode,
        {
          ...options.agent,
          instances: [{ name: 'ollama', url: hosts[index] ?? '', slots: options.slots ?? 1 }],
        },
        { tracer: options.tracer ?? noTracer },
      ),
    ),
  );
  const stopAnnouncing = await announceAdminJobs(hub, host);
  const gateway = await startGateway(node, {
    port: 0,
    agents: noAgents,
    tracer: options.tracer ?? noTracer,
    ...options.gateway,
  });
  // No host is there to lead the control group, which requests for models do not need.
  const missing = async (): Promise<string[]> => {
    const { reasons } = (await (await fetch(`${gateway.url}/readyz`)).json()) as { reasons: string[] };
    return reasons.filter((reason) => !reason.startsWith('no control leader'));
  };
  await until(async () => (await missing()).length === 0, 'readiness');
  return {
    hub,
    gateway,
    node,
    sims,
    agents,
    end: async (): Promise<void> => {
      await gateway.stop({ drainTimeoutMs: 0 });
      for (const agent of agents) await agent.stop();
      stopAnnouncing();
      stopJobs();
      stopKeeping();
      for (const member of [...agentNodes, node, host]) await member.leave();
      for (const sim of sims) await sim.close();
    },
  };
}
