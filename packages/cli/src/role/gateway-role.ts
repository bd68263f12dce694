import { createAgentsClient } from '@drover/agents';
import { createFleetClient } from '@drover/fleet';
import { ListenError, startGateway } from '@drover/gateway';
import { CommandError, type ExitCode, exitCodes } from '../errors.ts';
import { clusterSettings } from '../live-settings/cluster-settings.ts';
import type { PackageConfigs } from '../settings/package-configs.ts';
import { type RoleOptions, runRole } from './run-role.ts';

/** Runs a gateway: answers HTTP requests for the cluster. */
export function runGateway(options: RoleOptions, configs: PackageConfigs): Promise<ExitCode> {
  return runRole(options, async (node, settings) => {
    const agents = createAgentsClient(node, configs.agents);
    const fleet = createFleetClient(node, { config: configs.fleet });
    const gateway = await startGateway(node, {
      ...configs.gateway,
      memoryOptions: configs.memory,
      fleet,
      clusterSettings: clusterSettings(settings),
      agents,
    }).catch((error: unknown) => {
      if (error instanceof ListenError) throw cannotListen(error);
      throw error;
    });
    return {
      report: { url: gateway.url },
      reconfigure: (packages) => {
        gateway.reconfigure(packages['gateway'] ?? {});
        fleet.reconfigure(packages['fleet'] ?? {});
        agents.reconfigure(packages['agents'] ?? {});
      },
      stopIntake: () => gateway.refuseNew(),
      drain: (drainMs) => gateway.stop({ drainTimeoutMs: drainMs }),
      stop: async () => {
        await gateway.stop({ drainTimeoutMs: 0 });
        await fleet.stop();
        await agents.close();
      },
    };
  });
}

function cannotListen(error: ListenError): CommandError {
  return error.code === 'address-in-use'
    ? new CommandError('address-in-use', exitCodes.inUse, error.message, {
        fix: 'choose another with --port, or --port 0 for any free one',
        cause: error,
      })
    : new CommandError('bad-configuration', exitCodes.usage, error.message, {
        fix: 'name an address of this machine with --host and a port above 1023 with --port',
        cause: error,
      });
}
