import type { ActorContext } from '@drover/actor-core';
import type { NodeAgentLimits } from '../config.ts';
import type { Ollama } from '../ollama/ollama.ts';
import { probeOllama } from '../ollama/probe.ts';
import type { Counters } from '../stats.ts';
import type { InstanceInbox } from './instance-internal.ts';

export interface ProbeTask {
  readonly limits: NodeAgentLimits;
  readonly ollama: Ollama;
  readonly counters: Counters;
}

/** When an instance is probed: one at a time, every `probeIntervalMs`, sooner after what may have changed it. */
export class Prober {
  readonly #task: ProbeTask;
  readonly #context: ActorContext<InstanceInbox>;
  #underWay = false;
  #dueAtMs = Number.POSITIVE_INFINITY;

  constructor(task: ProbeTask, context: ActorContext<InstanceInbox>) {
    this.#task = task;
    this.#context = context;
  }

  /** Starts a probe; its outcome arrives as `probed`. False if one is under way. */
  start(): boolean {
    if (this.#underWay) return false;
    this.#underWay = true;
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

  /** The probe is over: sets the next one, jittered so that many agents do not ask in step. */
  finish(good: boolean): void {
    const { limits, counters } = this.#task;
    this.#underWay = false;
    this.#dueAtMs = Number.POSITIVE_INFINITY;
    if (!good) counters.failedProbes += 1;
    const jitter = 0.9 + this.#context.random.next() * 0.2;
    this.#at(this.#context.clock.now() + limits.probeIntervalMs * jitter);
  }

  /** After something that may have changed what is loaded; many such events make one probe. */
  soon(): void {
    this.#at(this.#context.clock.now() + this.#task.limits.probeAfterJobMs);
  }

  #at(atMs: number): void {
    if (this.#dueAtMs <= atMs) return;
    this.#dueAtMs = atMs;
    this.#context.setTimer('probe', atMs - this.#context.clock.now(), { kind: 'probe-due' });
  }
}
