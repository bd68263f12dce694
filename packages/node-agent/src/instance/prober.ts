import type { ActorContext } from '@drover/actor-core';
import type { NodeAgentLimits } from '../config.ts';
import type { Ollama } from '../ollama/ollama.ts';
import { probeOllama } from '../ollama/probe.ts';
import type { Counters } from '../stats.ts';
import type { InstanceInbox } from './instance-internal.ts';
import {
  beginProbe,
  emptySchedule,
  endProbe,
  probeDueAtMs,
  type ProbeSchedule,
  wantProbe,
} from './probe-schedule.ts';

export interface ProbeTask {
  readonly limits: NodeAgentLimits;
  readonly ollama: Ollama;
  readonly counters: Counters;
}

/**
 * Probes an instance, one probe at a time: every `probeIntervalMs`, and earlier after events that may have changed its
 * state.
 */
export class Prober {
  readonly #task: ProbeTask;
  readonly #context: ActorContext<InstanceInbox>;
  #schedule: ProbeSchedule = emptySchedule;
  /** Start of the newest probe; `-Infinity` before the first. */
  beganAtMs: number = Number.NEGATIVE_INFINITY;
  /** Instant at which the timer fires; `Infinity` while it is not set. */
  #armedAtMs = Number.POSITIVE_INFINITY;

  constructor(task: ProbeTask, context: ActorContext<InstanceInbox>) {
    this.#task = task;
    this.#context = context;
  }

  /** Handles the timer: starts the probe that is due. Returns false if a probe is running. */
  due(): boolean {
    // A timer may fire a fraction of a millisecond early.
    const atMs = Math.max(this.#context.clock.now(), this.#armedAtMs);
    this.#armedAtMs = Number.POSITIVE_INFINITY;
    return this.#begin(atMs);
  }

  /** Starts a probe; its outcome arrives as `probed`. Returns false if a probe is running. */
  start(): boolean {
    return this.#begin(this.#context.clock.now());
  }

  /**
   * The probe ended: schedules the next one, with a jitter so that many node-agents do not probe at the same instants.
   */
  finish(good: boolean): void {
    const { limits, counters } = this.#task;
    if (!good) counters.failedProbes += 1;
    const jitter = 0.9 + this.#context.random.next() * 0.2;
    this.#schedule = endProbe(this.#schedule, this.#context.clock.now() + limits.probeIntervalMs * jitter);
    this.#arm();
  }

  /** Schedules a probe after an event that may have changed the loaded models; several events cause one probe. */
  soon(): void {
    this.#schedule = wantProbe(this.#schedule, this.#context.clock.now() + this.#task.limits.probeAfterJobMs);
    this.#arm();
  }

  #begin(atMs: number): boolean {
    if (this.#schedule.underWay) return false;
    this.#schedule = beginProbe(this.#schedule, atMs);
    this.beganAtMs = atMs;
    this.#task.counters.probes += 1;
    this.#context.pipeToSelf(
      probeOllama(this.#task.ollama, this.#task.limits.probeTimeoutMs),
      (outcome) => ({ kind: 'probed', outcome }),
      (error) => ({
        kind: 'probed',
        outcome: { kind: 'nonsense', reason: `the probe failed: ${String(error)}` },
      }),
    );
    return true;
  }

  #arm(): void {
    const dueAtMs = probeDueAtMs(this.#schedule);
    if (dueAtMs === this.#armedAtMs || dueAtMs === Number.POSITIVE_INFINITY) return;
    this.#armedAtMs = dueAtMs;
    this.#context.setTimer('probe', Math.max(0, dueAtMs - this.#context.clock.now()), { kind: 'probe-due' });
  }
}
