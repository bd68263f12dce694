import type { HostChoice } from '../ollama/choose-hosts.ts';
import type { OllamaUrl } from '../ollama/ollama-address.ts';
import type { ProbeResult } from '../ollama/probe.ts';
import type { ProcessSpec } from '../process/supervised-process.ts';
import { childEnvironment } from './child-environment.ts';
import { launchSimulatedHost, simulatedModels } from './simulated-host.ts';
import { processReadyMs, type StartContext } from './start-context.ts';

/** One Ollama of the fleet. */
export interface OllamaHost {
  readonly url: OllamaUrl;
  readonly simulated: boolean;
  readonly models: readonly string[];
}

/** The hosts that were named or found; else starts simulated hosts. */
export async function startHosts(
  context: StartContext,
  choice: HostChoice,
  probes: readonly ProbeResult[],
): Promise<OllamaHost[]> {
  if (choice.simulate > 0) return startSimulated(context, choice.simulate);
  return choice.hosts.map((url) => {
    const probe = probes.find((candidate) => candidate.url === url);
    return probe?.kind === 'ollama'
      ? { url, simulated: probe.simulated, models: probe.models }
      : { url, simulated: false, models: [] };
  });
}

async function startSimulated(context: StartContext, count: number): Promise<OllamaHost[]> {
  const ids = Array.from({ length: count }, (_, index) => `sim-${index + 1}`);
  const started = await Promise.all(ids.map((id) => context.cluster.start(simulatedSpec(context, id))));
  return started.map((process) => ({
    url: process.report.url ?? '',
    simulated: true,
    models: simulatedModels.map((model) => `${model}:latest`),
  }));
}

function simulatedSpec({ config, environment, cluster }: StartContext, id: string): ProcessSpec {
  // A restarted host takes the port of its first run, because its node-agent is configured with that address.
  let port = 0;
  return {
    id,
    role: 'ollama-sim',
    readyTimeoutMs: processReadyMs,
    launch: () => {
      const child = launchSimulatedHost({
        slots: config.slots,
        port,
        environment: childEnvironment(environment, {}),
        onLog: cluster.logOf(id),
      });
      const keepPort = async (): Promise<void> => {
        const { url } = await child.ready;
        if (url !== undefined) port = Number(new URL(url).port);
      };
      void keepPort();
      return child;
    },
  };
}
