export type {
  AgentMetrics,
  AgentStatus,
  AgentsClient,
  AgentView,
  AgentDefinitionView,
  RunView,
  SpawnRequest,
  StoreProof,
  StoreTroubleView,
  TaskEvent,
  TaskRequest,
  TaskResult,
  TaskUsage,
} from './agents-client.ts';
export { type AgentDefinition, parseDefinition } from './definitions/agent-definition.ts';
export { DefinitionError } from './definitions/definition-error.ts';
export {
  type AgentDefinitions,
  loadDefinitions,
  shippedDefinitionsDir,
} from './definitions/load-definitions.ts';
export { createAgentsClient, type OwnedAgentsClient } from './client/create-agents-client.ts';
export { type AgentsConfig, defaults, resolveConfig, liveFields } from './config.ts';
export { AgentsError, type AgentsErrorCode } from './errors.ts';
export type { AgentCall } from './agent/agent-actor.ts';
export { type AgentHost, type AgentHostOptions, startAgentHost } from './host/start-agent-host.ts';
export { agentsGroup } from './protocol/limits.ts';
