/**
 * The runtime: `import … from '@drover/actor-core'`.
 *
 * @module actor-core
 */
export type { ActorContext, AskOptions, WaitOptions } from './actor/actor-context.ts';
export type { AdapterOptions } from './cell/adapter.ts';
export type { ActorAddress, ActorRef, MessageLane, Sender, TellOptions } from './actor/actor-ref.ts';
export type { ActorSnapshot, ActorSystem, RuntimeCounters } from './actor/actor-system.ts';
export { type ActorSystemOptions, createActorSystem } from './node/create-actor-system.ts';
export {
  type Behaviour,
  type Directive,
  type MessageHandler,
  type Next,
  receive,
  type SignalHandler,
  same,
  setup,
  stopped,
  unhandled,
} from './actor/behaviour.ts';
export { type MailboxOptions, type Props, props, type RestartType } from './actor/props.ts';
export type { DeadLetterReason, RuntimeEvent } from './actor/runtime-event.ts';
export type { MessagePreview } from './actor/message-preview.ts';
export type { FailureCause, Signal, TerminationReason } from './actor/signal.ts';
export { withTrace } from './actor/trace-context.ts';
export {
  type CircuitBreaker,
  type CircuitBreakerOptions,
  createCircuitBreaker,
} from './breaker/circuit-breaker.ts';
export type { BreakerState } from './breaker/decide-breaker.ts';
export { systemClock } from './clock/system-clock.ts';
export type { Clock, Timer } from './clock.ts';
export type { DeliveryFrame, DeliveryResult, DemandWord } from './delivery/delivery-frame.ts';
export type { ProducerOptions } from './delivery/delivery-options.ts';
export {
  type DeliveryHandler,
  type DeliveryInfo,
  reliableConsumer,
  type ReliableConsumerOptions,
} from './delivery/reliable-consumer.ts';
export {
  type ProducerMessage,
  reliableProducer,
  type ReliableProducerOptions,
  type Send,
} from './delivery/reliable-producer.ts';
export {
  type DispatcherMessage,
  workDispatcher,
  type WorkDispatcherOptions,
  type WorkerOffer,
} from './delivery/work-dispatcher.ts';
export { workPuller, type WorkPullerOptions } from './delivery/work-puller.ts';
export {
  ActorKilledError,
  ActorNotFoundError,
  AnswerMismatchError,
  AskCancelledError,
  BadFrameError,
  type BadFrameReason,
  CircuitOpenError,
  ConnectError,
  DeathPactError,
  DeadlockError,
  DroverError,
  FenceRejectedError,
  InvalidArgumentError,
  MailboxFullError,
  MessageRefusedError,
  MessageTooLargeError,
  NameTakenError,
  NoRespondersError,
  NodeIdTakenError,
  NodeReplacedError,
  NoTargetsError,
  RegistryFullError,
  RequestTimeoutError,
  RestartIntensityExceededError,
  ShutdownAbortedError,
  StashFullError,
  StreamBrokenError,
  StreamCancelledError,
  StreamFailedError,
  type StoreTrouble,
  StoreUnavailableError,
  SystemStoppedError,
  TooFewAnswersError,
  TransportDisconnectedError,
  WrongSequenceError,
} from './errors.ts';
export {
  type MachineDefinition,
  type StateDefinition,
  stateMachine,
  type TimeoutHandler,
} from './fsm/state-machine.ts';
export {
  also,
  cancelTimeout,
  eventTimeout,
  goTo,
  notHandled,
  postpone,
  startTimeout,
  stay,
  stop,
  type Transition,
  type TransitionAction,
} from './fsm/transition.ts';
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
export {
  type WorkerContext,
  type WorkerHandler,
  type WorkerRecipe,
  type WorkerSource,
  workerProps,
} from './isolation/worker-props.ts';
export { joinLeadership, type LeadershipOptions } from './leadership/join-leadership.ts';
export { readStoreUsage, type StoreUsage } from './storage/store-usage.ts';
export type { LeaderInfo, Leadership } from './leadership/lease.ts';
export { readLeader } from './leadership/read-leader.ts';
export { type Logger, silentLogger } from './logger.ts';
export type { MemberEvidence, MemberState, Presence } from './membership/presence.ts';
export type { ClusterNode } from './node/cluster-node.ts';
export { joinCluster, type JoinClusterOptions } from './node/join-cluster.ts';
export { createEventStream, type EventStream } from './pubsub/event-stream.ts';
export { createPubSub, type Published, type PubSub, topic, type Topic } from './pubsub/pub-sub.ts';
export { systemRandom } from './random/system-random.ts';
export type { Random } from './random.ts';
export { startRegistry } from './registry/cluster-registry.ts';
export type { NameConflict, Registry } from './registry/registry.ts';
export { actorRefSchema, senderRefSchema } from './remoting/actor-ref-schema.ts';
export { type Asker, askFirst, askQuorum, askTailChopping } from './routing/gather.ts';
export { pool, type PoolOptions, type PoolResize, resizePool } from './routing/pool.ts';
export { createRouter, fixedTargets, groupTargets, type Router, type Targets } from './routing/router.ts';
export {
  broadcast,
  consistentHash,
  leastMailbox,
  randomly,
  roundRobin,
  type RoutingStrategy,
} from './routing/strategy.ts';
export { nodeScheduler } from './scheduler/node-scheduler.ts';
export type { Runnable, Scheduler } from './scheduler.ts';
export {
  type CoordinatedShutdown,
  type CoordinatedShutdownOptions,
  createCoordinatedShutdown,
  type ShutdownTask,
  type TaskOutcome,
} from './shutdown/coordinated-shutdown.ts';
export { type ShutdownPhase, standardPhases } from './shutdown/shutdown-plan.ts';
export type { AppendExpectation, Store, StoredRecord, StreamSpec } from './storage/store.ts';
export type { StreamControl, StreamFrame, StreamOptions } from './streaming/stream-frame.ts';
export type { StreamWriter } from './streaming/stream-writer.ts';
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
export type { SupervisionOptions } from './actor/supervision-options.ts';
export {
  anyToken,
  controlStream,
  createSubjects,
  inboxPrefix,
  type Lane,
  type Permissions,
  permissionsOf,
  type Role,
  requireToken,
  type Subjects,
} from './transport/subjects.ts';
export type {
  SubscribeOptions,
  Transport,
  TransportMessage,
  TransportSubscription,
} from './transport/transport.ts';
