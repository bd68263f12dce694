import { type ClusterNode, joinLeadership } from '@drover/actor-core';
import type { FleetClient } from '@drover/fleet';
import { loadCatalogue } from '../catalogue/load-catalogue.ts';
import { type AgentsConfig, resolveConfig } from '../config.ts';
import { managerProps } from '../manager/manager-actor.ts';
import { agentsGroup } from '../protocol/limits.ts';
import { managerPath } from '../protocol/manager-message.ts';
import { registryPath } from '../protocol/registry-message.ts';
import { registryProps } from '../registry/registry-actor.ts';

/** The agents' part of one host node. */
export interface AgentHost {
  /** Hands leadership over, if held, then ends this host's agents; other hosts bring them back. */
  stop(): Promise<void>;
}

/**
 * Makes a node of the role `host` run agents and take part in leading them. Resolves when its actors are up;
 * leading, and being given agents, follow by themselves.
 *
 * @throws CatalogueError the catalogue cannot be used, naming file and field
 * @throws InvalidArgumentError naming the field of `config`
 */
export async function startAgentHost(
  node: ClusterNode,
  fleet: FleetClient,
  config: Partial<AgentsConfig> = {},
): Promise<AgentHost> {
  const resolved = resolveConfig(config);
  const catalogue = loadCatalogue(resolved.catalogueDir);
  const manager = node.system.spawn(managerProps({ node, fleet, catalogue, config: resolved }), managerPath);
  const leadership = joinLeadership(node, { group: agentsGroup });
  const registry = node.system.spawn(
    registryProps({ node, fleet, leadership, catalogue, config: resolved }),
    registryPath,
  );
  return {
    async stop() {
      await leadership.resign();
      await node.system.stop(registry);
      await node.system.stop(manager);
    },
  };
}
