export type {
  AgentStatus,
  AgentsClient,
  AgentView,
  CatalogueEntryView,
  RunView,
  SpawnRequest,
  StoreProof,
  StoreTroubleView,
  TaskEvent,
  TaskRequest,
  TaskResult,
  TaskUsage,
} from './agents-client.ts';
export { type CatalogueEntry, parseCatalogueEntry } from './catalogue/catalogue-entry.ts';
export { CatalogueError } from './catalogue/catalogue-error.ts';
export { type Catalogue, loadCatalogue, shippedCatalogueDir } from './catalogue/load-catalogue.ts';
export { createAgentsClient, type OwnedAgentsClient } from './client/create-agents-client.ts';
export { type AgentsConfig, defaults, resolveConfig } from './config.ts';
export { AgentsError, type AgentsErrorCode } from './errors.ts';
export { type AgentHost, startAgentHost } from './host/start-agent-host.ts';
