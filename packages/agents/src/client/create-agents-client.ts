import { createLiveConfig, type LiveConfig } from '@drover/actor-core';
import { type ClusterNode, joinLeadership, type Leadership } from '@drover/actor-core/cluster';
import type { AgentsClient } from '../agents-client.ts';
import type { PrincipalSigner } from '@drover/fleet';
import { type AgentsConfig, liveFields, resolveConfig } from '../config.ts';
import { loadDefinitions } from '../definitions/load-definitions.ts';
import { agentsGroup, defaultTenant } from '../protocol/limits.ts';
import { AgentLocator } from './agent-locator.ts';
import { DirectoryAsker } from './ask-directory.ts';
import { StoreWatch } from './store-watch.ts';
import { TaskRunner } from './task-runner.ts';
import { type ClientParts, TenantAgentsClient } from './tenant-agents-client.ts';

/** A client that owns actors: `close` ends its running tasks and stops following the leadership. */
export interface OwnedAgentsClient extends AgentsClient {
  close(): Promise<void>;
  /**
   * Replaces the settings that were changed since the start.
   *
   * @throws InvalidArgumentError naming a setting that cannot change, or does not fit; nothing changes
   */
  reconfigure(changes: Partial<AgentsConfig>): void;
}

/**
 * The agents of the cluster, from any node: those of the tenant `default`, and by `forTenant` those of others.
 *
 * @param signer signs on whose behalf requests are. @default nothing is signed: refused where the cluster has keys
 * @throws DefinitionError a definition file is invalid; names file and field
 * @throws InvalidArgumentError naming the field of `config`
 */
export function createAgentsClient(
  node: ClusterNode,
  config: Partial<AgentsConfig> = {},
  signer?: PrincipalSigner,
): OwnedAgentsClient {
  const live = createLiveConfig(resolveConfig, config, liveFields);
  const definitions = loadDefinitions(live.current.definitionsDir);
  const leadership = joinLeadership(node, { group: agentsGroup, candidate: false });
  return new ClusterAgentsClient(
    live,
    leadership,
    partsOf(node, leadership, { config: live.current, definitions, signer }),
  );
}

function partsOf(
  node: ClusterNode,
  leadership: Leadership,
  { config, definitions, signer }: Pick<ClientParts, 'config' | 'definitions' | 'signer'>,
): ClientParts {
  const asker = new DirectoryAsker(node, leadership, config);
  const locator = new AgentLocator(node, asker, config);
  const tasks = new TaskRunner(node, config, locator, asker);
  const storeWatch = new StoreWatch(node.clock, () =>
    asker.ask((replyTo) => ({ kind: 'health', replyTo }), config.askTimeoutMs),
  );
  return { node, config, definitions, signer, asker, locator, tasks, storeWatch };
}

class ClusterAgentsClient extends TenantAgentsClient implements OwnedAgentsClient {
  readonly #live: LiveConfig<AgentsConfig>;
  readonly #leadership: Leadership;
  readonly #tasks: TaskRunner;

  constructor(live: LiveConfig<AgentsConfig>, leadership: Leadership, parts: ClientParts) {
    super(parts, defaultTenant);
    this.#live = live;
    this.#leadership = leadership;
    this.#tasks = parts.tasks;
  }

  reconfigure(changes: Partial<AgentsConfig>): void {
    this.#live.apply(changes);
  }

  async close(): Promise<void> {
    await this.#leadership.resign();
    await this.#tasks.close();
  }
}
