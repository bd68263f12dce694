export type { ClusterSetting, ClusterSettings } from './cluster-settings.ts';
export { defaults, type GatewayConfig, resolveConfig, liveFields } from './config.ts';
export { ListenError } from './errors.ts';
export { type Gateway, type GatewayOptions, startGateway } from './gateway.ts';
export type { InstanceStatus, ModelStatus, NodeStatus, StatusView } from './dialects/drover/status.ts';
