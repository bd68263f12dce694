import type { ActorRef } from '@drover/actor-core';
import type { InstanceMessage, OllamaRunning } from '@drover/fleet';
import type { JobReport } from '../job/job-message.ts';
import type { RunnerSample } from '../silence/runner-cpu.ts';
import type { ProbeOutcome } from '../ollama/probe.ts';

/** Messages to an instance from its own node; other nodes cannot send them. */
export type InstanceInternal =
  | JobReport
  /** Models were added or removed. The answer follows the next probe that begins from now on. */
  | { readonly kind: 'relist'; readonly replyTo: ActorRef<'relisted'> }
  | { readonly kind: 'probe-due' }
  | { readonly kind: 'probed'; readonly outcome: ProbeOutcome }
  /** `running` is undefined when `ps` did not answer in time. */
  | {
      readonly kind: 'running-listed';
      readonly askedAtMs: number;
      readonly running: readonly OllamaRunning[] | undefined;
    }
  | { readonly kind: 'send-positions' }
  /** An offer has expired, or a slot may be offered again. */
  | { readonly kind: 'offers-due' }
  /** The answer of `ps` before an unload; `running` is undefined without an answer. */
  | {
      readonly kind: 'slot-checked';
      readonly streamId: string;
      readonly running: readonly OllamaRunning[] | undefined;
    }
  /** CPU time of the runner processes; undefined if they cannot be read. */
  | { readonly kind: 'runner-sampled'; readonly samples: readonly RunnerSample[] | undefined }
  /** `failure` is empty if Ollama accepted the unload. */
  | { readonly kind: 'unloaded'; readonly model: string; readonly failure: string }
  | { readonly kind: 'drain'; readonly replyTo: ActorRef<'drained'> }
  | { readonly kind: 'drain-over' };

/** All messages to an instance actor. */
export type InstanceInbox = InstanceMessage | InstanceInternal;
