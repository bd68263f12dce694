export type { FleetCall, FleetClient, FleetHead, FleetRequest } from './client/fleet-client.ts';
export { FleetError, type FleetErrorCode } from './errors.ts';
export { type CatalogueMessage, catalogueMessageSchema, type OllamaRunning, type OllamaTag } from './protocol/catalogue.ts';
export { grantIntervalMs, type InstanceMessage, instanceMessageSchema, instancePath, receiverSilenceMs } from './protocol/instance-message.ts';
export { type InstanceLoad, type InstanceState, type LoadReport, loadReportDebounceMs, loadReportSchema, type ModelLoad } from './protocol/load-report.ts';
export { type FailureCode, type RefusalCode, type SessionMessage, sessionMessageSchema, type StreamPhase } from './protocol/session-message.ts';
export { bodyPartBytes, type InferenceRoute, ollamaPath, type StreamOpen } from './protocol/stream-open.ts';
export type { InstanceEvidence, LoadTable } from './routing/load-table.ts';
