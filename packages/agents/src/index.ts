export type {
  AgentStatus,
  AgentsClient,
  AgentView,
  CatalogueEntryView,
  RunView,
  SpawnRequest,
  TaskEvent,
  TaskRequest,
  TaskResult,
  TaskUsage,
} from './agents-client.ts';
export { AgentsError, type AgentsErrorCode } from './errors.ts';
