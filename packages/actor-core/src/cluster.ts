/**
 * Actors of several processes over NATS: `import … from '@drover/actor-core/cluster'`. Joining a cluster, its bus and
 * permissions, presence, the registry of names and groups, topics, leadership and inspection.
 *
 * @module cluster
 */
export {
  BadFrameError,
  type BadFrameReason,
  ConnectError,
  EntityUnavailableError,
  MemoryLimitError,
  MessageTooLargeError,
  NameTakenError,
  NodeDeclaredDeadError,
  NodeIdTakenError,
  NodeOutdatedError,
  NodeReplacedError,
  NoRespondersError,
  QueueLimitError,
  QueueNotEmptyError,
  QueueNotFoundError,
  RegistryFullError,
  TenureEndedError,
  TransportDisconnectedError,
  WriteUnknownError,
} from './errors.ts';
export type { EntitiesConfig } from './entities/entities-config.ts';
export {
  defineEntity,
  type Entity,
  type EntityDefinition,
  type EntityKind,
} from './entities/entity-definition.ts';
export type { EntityRef } from './entities/entity-ref.ts';
export type { PlacementMember } from './entities/placement-view.ts';
export { type Entities, startEntities, type StartEntitiesOptions } from './entities/start-entities.ts';
export { type SingletonDefinition, startSingleton } from './entities/start-singleton.ts';
export { type Control, type ControlOptions, startControl } from './control/start-control.ts';
export { requestView, type ViewRequestOutcome } from './control/view-request.ts';
export {
  requestVoters,
  type VoterAnswer,
  type VoterRefusal,
  type VoterRequest,
} from './control/voter-request.ts';
export {
  type ClusterQuestion,
  inspectCluster,
  type InspectedNode,
  type Silence,
} from './inspection/inspect-cluster.ts';
export type {
  ActorView,
  FailureView,
  InspectionAnswer,
  InspectionQuestion,
  NodeInspection,
} from './inspection/inspection.ts';
export { joinLeadership, type LeadershipOptions } from './leadership/join-leadership.ts';
export type { ElectionConfig } from './leadership/election/election-config.ts';
export type { Electorate } from './leadership/election/election-state.ts';
export type {
  GroupState,
  LeaderInfo,
  Leadership,
  Tenure,
  TransferOutcome,
} from './leadership/leadership.ts';
export type { LeadSeen } from './leadership/fence-gate.ts';
export { OrderGate } from './leadership/order-gate.ts';
export { followLeaders, type GroupLeaders, type HeardLeader } from './leadership/group-leaders.ts';
export type { NoAnswer } from './leadership/leader-request.ts';
export { requestTransfer, type TransferAnswer } from './leadership/transfer-request.ts';
export { readLeader } from './leadership/read-leader.ts';
export {
  changeVoters,
  maxVoters,
  readVoters,
  replaceVoters,
  type VoterChange,
  type VoterRecord,
} from './leadership/voters.ts';
export type { ClusterView, ControlLeader } from './membership/view/cluster-view.ts';
export type { ViewRequest, ViewRequestAnswer } from './membership/view/decide-view.ts';
export type { EndedMember, View, ViewMember, ViewMemberState } from './membership/view/view.ts';
export type { Json } from './memory/crdt/json.ts';
export type {
  BatchResult,
  ListOptions,
  Memory,
  MemoryChange,
  MemoryEntry,
  MemoryItem,
  MemoryPage,
  MemoryPutOptions,
  MemoryRead,
  MemoryReading,
  MemoryRefusal,
  MemoryScope,
  MemoryStats,
  OperateOptions,
  OperateResult,
  PutResult,
  ReadLevel,
  ReadOptions,
  RemoveOptions,
  RemoveResult,
} from './memory/memory.ts';
export type { MemoryContent } from './memory/memory-content.ts';
export { memoryDefaults, type MemoryOptions, resolveMemoryOptions } from './memory/memory-config.ts';
export type { ConflictEvent, KeyEvent, MemoryEvent, ResetEvent } from './memory/memory-event.ts';
export type { MergeFunction, Policy } from './memory/policy.ts';
export { defaultTenant, parseScope, type Scope, type ScopeKind, scopeText } from './memory/scope.ts';
export { startMemory } from './memory/start-memory.ts';
export type { MemberEvidence, MemberState, Presence } from './membership/presence.ts';
export type { InspectableNode } from './inspection/inspectable-node.ts';
export type { LocalNode } from './membership/local-node.ts';
export type { ClusterNode } from './node/cluster-node.ts';
export type { MemberMetadata } from './membership/member-metadata.ts';
export { type MembershipProfile, membershipProfiles } from './membership/swim/swim-config.ts';
export { joinCluster, type JoinClusterOptions } from './node/join-cluster.ts';
export { createPubSub, type Published, type PubSub, topic, type Topic } from './pubsub/pub-sub.ts';
export { followRemedies } from './remedy/remedy-topic.ts';
export type { QueueEvent } from './queue/queue-event.ts';
export type { QueueOptions } from './queue/queue-options.ts';
export type { QueueEntry } from './queue/queue-registry.ts';
export type {
  HeldLease,
  NewMessage,
  PutResult as QueuePutResult,
  QueueAddress,
  Queues,
  TakeMessages,
  TakenMessage,
} from './queue/queues.ts';
export { startQueues } from './queue/start-queues.ts';
export {
  followStoreReports,
  type HeardStoreReport,
  type StoreReports,
} from './store-report/follow-store-reports.ts';
export { publishStoreReports, type StoreReportOptions } from './store-report/publish-store-reports.ts';
export type { QuarantinedJournal, StoreReport, ThinLog } from './store-report/store-report.ts';
export { startRegistry } from './registry/cluster-registry.ts';
export type { NameConflict, Registry } from './registry/registry.ts';
export { actorRefSchema, senderRefSchema } from './remoting/actor-ref-schema.ts';
export {
  type GroupChange,
  type LeaderChange,
  type MemberChange,
  type NameChange,
  type NameConflictFound,
  tellGroupChanges,
  tellLeaderChanges,
  tellMemberChanges,
  tellNameChanges,
  tellNameConflicts,
  tellTopic,
  type TopicMessage,
} from './subscribing/tell-changes.ts';
export { connectNats, type NatsTransportOptions } from './transport/connect-nats.ts';
export { type Permissions, permissionsOf } from './transport/permissions.ts';
export type { Role } from './transport/roles.ts';
export type { StreamPlan } from './transport/stream-plan.ts';
export { tenantQueuePermissions } from './queue/tenant-queue-permissions.ts';
export { tenantMemoryPermissions } from './transport/tenant-permissions.ts';
export type { TenantClass } from './transport/tenants.ts';
export {
  adminJobsBucket,
  adminJobsOf,
  anyToken,
  auditLog,
  controlGroup,
  controlStream,
  createSubjects,
  eventLog,
  eventSourceOf,
  inboxPrefix,
  keptBucket,
  keysBucket,
  type Lane,
  quotaLog,
  requireToken,
  senderOf,
  settingsBucket,
  type Subjects,
  usageBucket,
} from './transport/subjects.ts';
export type {
  HeaderTransport,
  Reply,
  SubscribeOptions,
  Transport,
  TransportMessage,
  TransportSubscription,
} from './transport/transport.ts';
