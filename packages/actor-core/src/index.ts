/**
 * Actors of one process: `import … from '@drover/actor-core'`. Loads no NATS client.
 *
 * @module actor-core
 */
export type { ActorContext } from './actor/actor-context.ts';
export type { AskOptions, WaitOptions } from './actor/ask-options.ts';
export type { ActorAddress, ActorRef, MessageLane, Sender, TellOptions } from './actor/actor-ref.ts';
export type { ActorSnapshot, ActorSystem, RuntimeCounters } from './actor/actor-system.ts';
export { receive, same, setup, stopped, unhandled } from './actor/behaviour.ts';
export type { Behaviour, Directive, MessageHandler, Next, SignalHandler } from './actor/actor-context.ts';
export type { MessagePreview } from './actor/message-preview.ts';
export type { RestartType } from './actor/supervision-options.ts';
export type { MailboxOptions } from './actor/mailbox-options.ts';
export type { Props } from './actor/actor-context.ts';
export { props } from './cell/create-props.ts';
export type { DeadLetterReason, Remedy, RuntimeEvent } from './actor/runtime-event.ts';
export type { FailureCause, Signal, TerminationReason } from './actor/signal.ts';
export type { SupervisionOptions } from './actor/supervision-options.ts';
export { withTrace } from './actor/trace-context.ts';
export type { AdapterOptions } from './actor/ask-options.ts';
export type { Clock, Timer } from './clock.ts';
export { systemClock } from './clock/system-clock.ts';
export {
  ActorKilledError,
  ActorNotFoundError,
  AnswerMismatchError,
  AskCancelledError,
  DeadlockError,
  DeathPactError,
  DroverError,
  InvalidArgumentError,
  MailboxFullError,
  MessageRefusedError,
  RequestTimeoutError,
  RestartIntensityExceededError,
  StashFullError,
  StreamBrokenError,
  StreamCancelledError,
  StreamFailedError,
  SystemStoppedError,
} from './errors.ts';
export { createLiveConfig, type LiveConfig } from './live-config.ts';
export { type Logger, silentLogger } from './logger.ts';
export { type ActorSystemOptions, createActorSystem } from './node/create-actor-system.ts';
export { createEventStream, type EventStream } from './pubsub/event-stream.ts';
export type { Random } from './random.ts';
export { systemRandom } from './random/system-random.ts';
export type { Runnable, Scheduler } from './scheduler.ts';
export { nodeScheduler } from './scheduler/node-scheduler.ts';
export type { StreamControl, StreamFrame, StreamOptions } from './actor/stream.ts';
export type { StreamWriter } from './actor/stream.ts';
