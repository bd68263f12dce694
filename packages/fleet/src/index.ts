export {
  type AdminJob,
  type AdminJobState,
  type AdminOperation,
  type AdminStep,
  type AdminTarget,
  adminJobKey,
  isOver,
  maxAdminTextChars,
} from './admin-jobs/admin-job.ts';
export { type AdminJobs, followAdminJobs } from './admin-jobs/admin-jobs.ts';
export type { AdminReport } from './admin-jobs/decide-admin-job.ts';
export { decideProgress, type MergedProgress, nothingTold } from './admin-jobs/merge-progress.ts';
export { mergeSteps } from './admin-jobs/merge-steps.ts';
export {
  type AdminAskingNode,
  type AdminJobTaker,
  followNodeAdminJobs,
  type NodeAdminJobs,
} from './admin-jobs/node-admin-jobs.ts';
export { serveAdminJobs } from './admin-jobs/serve-admin-jobs.ts';
export { type EventDraft, type EventPublisher, startEventPublisher } from './events/event-publisher.ts';
export { encodeEvent, type FleetEvent, maxEventBytes } from './events/event.ts';
export { type EventFeed, type EventPage, followEvents, type StoredEvent } from './events/event-feed.ts';
export { type EventFilter, type EventReader, everyEvent, isFor } from './events/event-filter.ts';
export { keepEventLog, eventRetention } from './events/event-log.ts';
export { type EventType, eventTypes, type EventTypeSpec, isEventType } from './events/event-types.ts';
export { publishClusterEvents } from './events/publish-cluster-events.ts';
export {
  publishDataEvents,
  publishJournalEvents,
  publishRemedyEvents,
} from './events/publish-node-events.ts';
export {
  readRunnerOptions,
  type RunnerOptionName,
  runnerOptionNames,
  type RunnerOptions,
  type RunnerOptionValue,
  withRunnerOptions,
} from './runner/runner-options.ts';
export { recordEvents } from './events/record-events.ts';
export { isoTime } from './protocol/iso-time.ts';
export { createFleetClient, type FleetClientOptions } from './client/create-fleet-client.ts';
export type { FleetCall, FleetClient, FleetHead, FleetRequest, TakeBatch } from './client/fleet-client.ts';
export type { AttemptView, Candidate, RequestDecisions } from './client/request-decisions.ts';
export { defaults, type FleetConfig, resolveConfig, liveFields } from './config.ts';
export { AdminJobDiffersError, FleetError, type FleetErrorCode } from './errors.ts';
export {
  type ModelListing,
  modelListingSchema,
  type OllamaRunning,
  type OllamaTag,
} from './protocol/model-listing.ts';
export {
  type BlobAnswer,
  type BlobMessage,
  blobMessageSchema,
  blobPartBytes,
  blobsPath,
  type BlobSourceMessage,
  blobSourceSchema,
  blobWindow,
} from './protocol/blob-message.ts';
export {
  type FoundStream,
  type InstanceMessage,
  instanceMessageSchema,
  instancePath,
  reserveIntervalMs,
} from './protocol/instance-message.ts';
export {
  type InstanceLoad,
  type InstanceState,
  type LoadReport,
  loadReportDebounceMs,
  loadReportSchema,
  maxReasonChars,
  type ModelLoad,
  type RefusalReport,
} from './protocol/load-report.ts';
export { decodeLoadReport, encodeLoadReport, encodeLoadReportPages } from './protocol/load-report-codec.ts';
export {
  passedHeaders,
  type PassedHeaders,
  pickPassedHeaders,
  runnerOptionsHeader,
} from './protocol/passed-headers.ts';
export {
  type FailureCode,
  type RefusalCode,
  type SessionMessage,
  sessionMessageSchema,
  type StreamPhase,
} from './protocol/session-message.ts';
export {
  grantIntervalMs,
  receiverSilenceMs,
  type StreamMessage,
  streamMessageSchema,
} from './protocol/stream-message.ts';
export {
  bodyPartBytes,
  type InferenceRoute,
  leastPayloadBytes,
  noTimeoutMs,
  ollamaPath,
  pageBytesFor,
  type StreamOpen,
} from './protocol/stream-open.ts';
export {
  decideInstanceHealth,
  type HealthLimits,
  type HealthState,
  wellHealth,
} from './health/instance-health.ts';
export {
  type RequestPrincipal,
  requestPrincipalSchema,
  type SignedPrincipal,
  signedPrincipalSchema,
} from './protocol/signed-principal.ts';
export { followSigners, type KnownSigners, type PrincipalVerdict } from './signing/known-signers.ts';
export { type PrincipalSigner, startPrincipalSigner } from './signing/principal-signer.ts';
export { createLoadTable, type LiveLoadTable, type LoadTableNode } from './load/live-load-table.ts';
export type { InstanceEvidence, LoadTable, LoadTableCounters } from './load/load-table.ts';
export { isModel, modelKey, normaliseModelName } from './protocol/model-name.ts';
export { routingPolicyNames } from './routing/policies.ts';
export { queueRetryAfterMs } from './load/queue-wait.ts';
export { isErrorLine, readRefusal, type Refusal, type RefusalSubject } from './health/refusal-subject.ts';
export type { RoutedRequest } from './routing/routed-request.ts';
export type { RoutingPolicy } from './routing/routing-policy.ts';
export {
  createReceiver,
  decideReceive,
  type ReceiverEffect,
  type ReceiverEvent,
  type ReceiverOutcome,
  type ReceiverState,
  receiverWakeAtMs,
} from './stream/stream-receiver.ts';
export {
  createSender,
  decideSend,
  type SenderEffect,
  type SenderEvent,
  type SenderState,
  senderWakeAtMs,
} from './stream/stream-sender.ts';
