/*
 * All errors of this package. One file for each area; every error has a stable `code`.
 */
export { InvalidArgumentError, DroverError } from './errors/drover-error.ts';
export {
  NoRespondersError,
  RequestTimeoutError,
  TransportDisconnectedError,
  ConnectError,
  MessageTooLargeError,
} from './errors/transport-errors.ts';
export {
  NodeIdTakenError,
  NodeDeclaredDeadError,
  NodeOutdatedError,
  NodeReplacedError,
  TenureEndedError,
  NameTakenError,
  RegistryFullError,
  AnswerMismatchError,
  type BadFrameReason,
  BadFrameError,
} from './errors/cluster-errors.ts';
export {
  FenceRejectedError,
  RecordUnreadableError,
  type StoreTrouble,
  StoreUnavailableError,
  BlobTooLargeError,
  UploadTimeoutError,
  type BlobDamage,
  BlobDamagedError,
} from './errors/store-errors.ts';
export { MemoryLimitError, WriteUnknownError } from './errors/memory-errors.ts';
export { QueueLimitError, QueueNotEmptyError, QueueNotFoundError } from './errors/queue-errors.ts';
export {
  ActorNotFoundError,
  MailboxFullError,
  MessageRefusedError,
  DeadlockError,
  AskCancelledError,
  StashFullError,
  ActorKilledError,
  DeathPactError,
  RestartIntensityExceededError,
  SystemStoppedError,
} from './errors/actor-errors.ts';
export { StreamBrokenError, StreamFailedError, StreamCancelledError } from './errors/stream-errors.ts';
export {
  NoTargetsError,
  TooFewAnswersError,
  CircuitOpenError,
  ShutdownAbortedError,
} from './errors/pattern-errors.ts';
export { EntityUnavailableError } from './errors/entity-errors.ts';
export { NotStoredError, OutcomeUnknownError, QuarantinedError } from './errors/journal-errors.ts';
