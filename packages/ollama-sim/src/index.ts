export { main } from './cli.ts';
export { type Clock, ManualClock, systemClock, type Timer } from './clock.ts';
export { defaults, type OllamaSimOptions, type PullableSpec } from './config.ts';
export { InvalidArgumentError } from './errors.ts';
export type { FaultRequest } from './control/apply-fault.ts';
export type { FaultKind, FaultSpec, FaultState } from './fault/faults.ts';
export type { RunnerState, SimState } from './control/state.ts';
export type {
  Capability,
  ExecutionPath,
  SimModel,
  SimModelSpec,
  ToolHabit,
  Utterance,
} from './model/model.ts';
export { type OllamaSim, startOllamaSim } from './sim.ts';
