import { publishRemedyEvents, startEventPublisher } from '@drover/fleet';
import { startNodeAgent } from '@drover/node-agent';
import type { ExitCode } from '../errors.ts';
import { shownUrl } from '../ollama/ollama-address.ts';
import type { PackageConfigs } from '../settings/package-configs.ts';
import { type RoleOptions, runRole } from './run-role.ts';
import { traceRole } from './trace-role.ts';

export interface NodeAgentHosts {
  readonly urls: readonly string[];
  readonly slots: number;
  readonly simulated: boolean;
}

/** Runs a node-agent: passes requests to some Ollama servers. */
export function runNodeAgent(
  options: RoleOptions,
  hosts: NodeAgentHosts,
  configs: PackageConfigs,
): Promise<ExitCode> {
  return runRole(options, async (node) => {
    const { slots, simulated } = hosts;
    const instances = hosts.urls.map((url, index) => ({
      name: `ollama-${index + 1}`,
      url,
      slots,
      simulated,
    }));
    const stopRemedies = publishRemedyEvents(node, startEventPublisher(node));
    const tracer = await traceRole('drover-node-agent', node);
    const agent = await startNodeAgent(
      node,
      { drainMs: options.drainMs, ...configs.nodeAgent, fleetConfig: configs.fleet, instances },
      { tracer },
    );
    return {
      reconfigure: (packages) => agent.reconfigure(packages['node-agent'] ?? {}),
      report: { ollamaUrls: hosts.urls.map(shownUrl), slots },
      drain: async (drainMs) => {
        if (drainMs > 0) await agent.drain();
      },
      stop: async () => {
        await agent.stop();
        stopRemedies();
        await tracer.stop();
      },
    };
  });
}
