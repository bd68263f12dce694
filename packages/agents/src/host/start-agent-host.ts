import { createLiveConfig } from '@drover/actor-core';
import { type ClusterNode, joinLeadership, startEntities } from '@drover/actor-core/cluster';
import { type EventPublisher, type FleetClient, followSigners } from '@drover/fleet';
import type { AgentCall } from '../agent/agent-actor.ts';
import { loadDefinitions } from '../definitions/load-definitions.ts';
import { type AgentsConfig, liveFields, resolveConfig } from '../config.ts';
import { agentEntity } from '../manager/agent-entity.ts';
import { managerProps } from '../manager/manager-actor.ts';
import { OwnedAgents } from '../manager/owned-agents.ts';
import { agentsGroup } from '../protocol/limits.ts';
import { managerPath } from '../protocol/manager-message.ts';
import { directoryPath } from '../protocol/directory-message.ts';
import { directoryProps } from '../directory/directory-actor.ts';

/** The agent host on one node. */
export interface AgentHost {
  /** Gives up leadership if held, and takes no further part in it. The agents go on. */
  resign(): Promise<void>;
  /** Gives this host's agents to other hosts, and takes none any more. Resolves once no other host can take one. */
  drain(): Promise<void>;
  /** Resigns from leadership and stops this host's agents; other hosts start them again. */
  stop(): Promise<void>;
  /**
   * Replaces the settings that were changed since the start.
   *
   * @throws InvalidArgumentError naming a setting that cannot change, or does not fit; nothing changes
   */
  reconfigure(changes: Partial<AgentsConfig>): void;
}

export interface AgentHostOptions {
  /** Publishes what happens to agents and runs. @default nothing is published */
  readonly events?: EventPublisher;
  /** Called when a model call of a task has ended here. @default nothing is counted */
  readonly onCall?: (call: AgentCall) => void;
}

/**
 * Makes a node with the role `host` run agents and take part in the leadership. Resolves once the actors of the host
 * are started, before the node leads or runs an agent.
 *
 * @throws DefinitionError a definition file is invalid; names file and field
 * @throws InvalidArgumentError naming the field of `config`
 */
export async function startAgentHost(
  node: ClusterNode,
  fleet: FleetClient,
  config: Partial<AgentsConfig> = {},
  { events, onCall = () => undefined }: AgentHostOptions = {},
): Promise<AgentHost> {
  const live = createLiveConfig(resolveConfig, config, liveFields);
  const resolved = live.current;
  const definitions = loadDefinitions(resolved.definitionsDir);
  const signers = followSigners(node);
  const owned = new OwnedAgents();
  const entity = agentEntity(node, owned);
  const entities = startEntities(node, { types: [entity] });
  const manager = node.system.spawn(
    managerProps({ node, fleet, definitions, config: resolved, owned, entity, entities, signers, onCall }),
    managerPath,
  );
  const leadership = joinLeadership(node, { group: agentsGroup });
  const directory = node.system.spawn(
    directoryProps({
      node,
      fleet,
      leadership,
      definitions,
      config: resolved,
      entity,
      entities,
      signers,
      events,
    }),
    directoryPath,
  );
  return {
    reconfigure: (changes) => live.apply(changes),
    resign: () => leadership.resign(),
    drain: () => entities.drain(),
    async stop() {
      await leadership.resign();
      await entities.stop();
      await node.system.stop(directory);
      await node.system.stop(manager);
      signers.stop();
    },
  };
}
