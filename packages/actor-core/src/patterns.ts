/**
 * Ready-made behaviours and helpers on top of actors: `import … from '@drover/actor-core/patterns'`. Reliable delivery,
 * work pulling, state machines, routers and pools, worker threads, the circuit breaker and the coordinated shutdown.
 *
 * @module patterns
 */
export {
  type CircuitBreaker,
  type CircuitBreakerOptions,
  createCircuitBreaker,
} from './breaker/circuit-breaker.ts';
export type { BreakerState } from './breaker/decide-breaker.ts';
export type { DeliveryFrame, DeliveryResult, DemandMessage } from './delivery/delivery-frame.ts';
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
export { queueProducer, type QueueProducerOptions, type SendToQueue } from './delivery/queue-producer.ts';
export {
  queueWorker,
  type QueueWorkerMessage,
  type QueueWorkerOptions,
  type TaskInfo,
} from './delivery/queue-worker.ts';
export { workPuller, type WorkPullerOptions } from './delivery/work-puller.ts';
export { CircuitOpenError, NoTargetsError, ShutdownAbortedError, TooFewAnswersError } from './errors.ts';
export type { MachineDefinition, StateDefinition, TimeoutHandler } from './fsm/machine-definition.ts';
export { stateMachine } from './fsm/state-machine.ts';
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
  type WorkerContext,
  type WorkerHandler,
  workerProps,
  type WorkerRecipe,
  type WorkerSource,
} from './isolation/worker-props.ts';
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
export {
  type CoordinatedShutdown,
  type CoordinatedShutdownOptions,
  createCoordinatedShutdown,
  type ShutdownTask,
  type TaskOutcome,
} from './shutdown/coordinated-shutdown.ts';
export { type ShutdownPhase, standardPhases } from './shutdown/shutdown-plan.ts';
