export {
  defaults,
  type InstanceConfig,
  type NodeAgentConfig,
  type NodeAgentLimits,
  type NodeAgentOptions,
  liveFields,
  resolveConfig,
  type ResolvedInstance,
} from './config.ts';
export { UpstreamError, type UpstreamErrorCode } from './errors.ts';
export { type NodeAgent, startNodeAgent } from './node-agent.ts';
export type { InstanceStats } from './stats.ts';
export { type OllamaAddress, readOllamaAddress } from './ollama/ollama-address.ts';
export type { Ollama, Reply } from './ollama/ollama.ts';
export { connectOllama } from './ollama/undici-ollama.ts';
