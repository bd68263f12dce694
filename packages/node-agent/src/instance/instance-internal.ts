import type { ActorRef } from '@drover/actor-core';
import type { InstanceMessage, OllamaRunning } from '@drover/fleet';
import type { JobReport } from '../job/job-message.ts';
import type { RunnerSample } from '../silence/runner-cpu.ts';
import type { ProbeOutcome } from '../ollama/probe.ts';

/** What an instance hears from within its node; none of it can come over the bus. */
export type InstanceInternal =
  | JobReport
  | { readonly kind: 'probe-due' }
  | { readonly kind: 'probed'; readonly outcome: ProbeOutcome }
  /** `running` is undefined when `ps` did not answer in time. */
  | {
      readonly kind: 'running-listed';
      readonly askedAtMs: number;
      readonly running: readonly OllamaRunning[] | undefined;
    }
  | { readonly kind: 'tell-positions' }
  /** An offered slot was not taken in time, or may be offered again. */
  | { readonly kind: 'offers-due' }
  /** `ps` was asked before an unload; `running` is undefined when it did not answer. */
  | {
      readonly kind: 'slot-checked';
      readonly streamId: string;
      readonly running: readonly OllamaRunning[] | undefined;
    }
  /** CPU time of the runner processes; undefined where they cannot be seen. */
  | { readonly kind: 'runner-sampled'; readonly samples: readonly RunnerSample[] | undefined }
  /** `failure` is empty when Ollama took the unload. */
  | { readonly kind: 'unloaded'; readonly model: string; readonly failure: string }
  | { readonly kind: 'drain'; readonly replyTo: ActorRef<'drained'> }
  | { readonly kind: 'drain-over' };

/** Everything an instance actor handles. */
export type InstanceInbox = InstanceMessage | InstanceInternal;
