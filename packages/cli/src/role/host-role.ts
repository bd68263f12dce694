import { startAgentHost } from '@drover/agents';
import { createFleetClient } from '@drover/fleet';
import type { ExitCode } from '../errors.ts';
import { type RoleOptions, runRole } from './run-role.ts';

/** Runs agents, and takes part in leading their registry. */
export function runHost(
  options: RoleOptions,
  catalogue: { catalogueDir: string | undefined },
): Promise<ExitCode> {
  return runRole(options, async (node) => {
    const fleet = createFleetClient(node);
    const { catalogueDir } = catalogue;
    const host = await startAgentHost(node, fleet, catalogueDir === undefined ? {} : { catalogueDir });
    return {
      stop: async () => {
        await host.stop();
        await fleet.stop();
      },
    };
  });
}
