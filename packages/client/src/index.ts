export { DroverClient, type UsageQuery } from './client.ts';
export { type ClientOptions, defaults } from './config.ts';
export {
  type AnyCode,
  CallDeadlineError,
  hasCode,
  InvalidAnswerError,
  RequestError,
  type RequestErrorFacts,
  StreamCutError,
  UnreachableError,
} from './errors.ts';
export type * from './generated/operations.ts';
export type { AgentsApi, SpawnRequest, Task, TaskEvent } from './groups/agents.ts';
export type { KeyRequest, KeysApi } from './groups/keys.ts';
export type { MemoryApi, MemoryChange, MemoryItem, MemoryValue, WriteOptions } from './groups/memory.ts';
export type { AtNodes, Model, ModelsApi, Progress } from './groups/models.ts';
export type { DeadMessage, Leased, PutOptions, QueuesApi } from './groups/queues.ts';
export type { Answer, CallArguments, CallRequest, Route } from './http/call.ts';
export type { CallOptions } from './http/transport.ts';
export type {
  AgentsMetrics,
  AgentsSnapshot,
  SocketEvent,
  SocketMessage,
  WatchQuery,
} from './socket/agents-socket.ts';
export type { DroverEvent, EventQuery, EventsLost } from './streaming/follow-events.ts';
export type { RawBody } from './raw-body.ts';
