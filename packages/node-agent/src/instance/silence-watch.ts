import type { ActorContext } from '@drover/actor-core';
import { modelKey, type OllamaRunning } from '@drover/fleet';
import { isLoaded } from './model-list.ts';
import type { InstanceInbox } from './instance-internal.ts';
import type { JobEntry, JobTable } from './job-table.ts';
import type { KnownListing } from './known-listing.ts';
import type { JobOutcome, SilentJob } from '../job/job-message.ts';
import {
  decideSilence,
  type HeldAnswer,
  type SilenceEvidence,
  type SilenceVerdict,
} from '../silence/decide-silence.ts';
import { LearntSpeeds } from '../silence/learnt-speeds.ts';
import { RecentBytes } from '../silence/recent-bytes.ts';
import { RunnerActivity, type RunnerCpu, type RunnerSample } from '../silence/runner-cpu.ts';
import { type HealerTask, SlotHealer } from './slot-healer.ts';

export interface SilenceTask extends HealerTask {
  /** Observes the runner processes; undefined when they cannot be observed. */
  readonly runnerCpu: RunnerCpu | undefined;
}

/** Messages of the instance that concern the watch. */
export type SilenceMessage = Extract<
  InstanceInbox,
  { kind: 'job-silent' | 'runner-sampled' | 'slot-checked' | 'job-withdrew' | 'unloaded' }
>;

/** Inputs of the watch, besides its own records. */
export interface SilenceView {
  readonly jobs: JobTable;
  readonly known: KnownListing;
  readonly busy: () => number;
}

/** One silence of one job, from its last byte. */
interface Silence {
  readonly job: SilentJob;
  state: SilenceVerdict['state'];
  /** Instant at which `ps` last did not list the model; `-Infinity` if it always did. */
  notListedAtMs: number;
  /** `expires_at` of the model at the start of this silence; Ollama changes it when a request on the model ends. */
  expiresAt: unknown;
  expiresMovedAtMs: number;
}

/** Age, in probe intervals, above which a `ps` answer is ignored. */
const staleIntervals = 3;
/** Shortest time between two CPU samples of the runner processes. */
const sampleIntervalMs = 2_000;

/**
 * Collects the evidence about a silent job, has `decideSilence` judge it, and acts: waits, frees a lost slot, or ends
 * the request. The job asks for a judgement every `silenceLookMs`.
 */
export class SilenceWatch {
  /** Instants of the last answer bytes, written by the jobs. */
  readonly recent: RecentBytes = new RecentBytes();
  readonly #task: SilenceTask;
  readonly #context: ActorContext<InstanceInbox>;
  readonly #view: SilenceView;
  readonly #healer: SlotHealer;
  readonly #speeds = new LearntSpeeds();
  readonly #runner = new RunnerActivity();
  readonly #silences = new WeakMap<JobEntry, Silence>();
  /** Models for which a client disconnected during an answer, and which have not sent a byte since. */
  readonly #left = new Set<string>();
  #sampledAtMs = Number.NEGATIVE_INFINITY;
  #sampling = false;

  constructor(task: SilenceTask, context: ActorContext<InstanceInbox>, view: SilenceView) {
    this.#task = task;
    this.#context = context;
    this.#view = view;
    this.#healer = new SlotHealer(task, context, view.jobs);
  }

  /** Handles every message that concerns a silence. */
  handle(message: SilenceMessage): void {
    switch (message.kind) {
      case 'job-silent':
        return this.#judgeJob(message);
      case 'runner-sampled':
        return this.#takeSample(message.samples);
      case 'slot-checked':
        return this.#checked(message.streamId, message.running);
      case 'job-withdrew':
        return this.#healer.withdrew(message.streamId);
      case 'unloaded':
        return this.#healed(message.model, this.#healer.unloaded(message.model, message.failure));
    }
  }

  /** Handles the first byte of an answer. */
  answered(job: JobEntry): void {
    job.answered = true;
    this.#left.delete(modelKey(job.model));
  }

  /** Handles the end of a job inside Ollama, and learns its speeds. */
  ended(job: JobEntry, outcome: JobOutcome): void {
    this.#silences.delete(job);
    if (outcome.lesson !== undefined) this.#speeds.learn(modelKey(job.model), outcome.lesson);
    if (outcome.leftWhileAnswered) this.#left.add(modelKey(job.model));
  }

  /** Handles a job that has been silent for another `silenceLookMs`. */
  #judgeJob(silent: SilentJob): void {
    const job = this.#view.jobs.get(silent.streamId);
    if (job === undefined || job.stage !== 'inside') return;
    this.#sampleRunner();
    const silence = this.#silenceOf(job, silent);
    const listed = this.#listed(job.model);
    const verdict = this.#judge(job, silence, listed);
    this.#log(job, silence, verdict);
    if (verdict.cure === 'unload') this.#healer.check(job.streamId);
    else if (verdict.cure === 'give-up') this.#giveUp(job, silence, verdict);
  }

  /** Handles the `ps` answer before an unload; undefined when `ps` did not answer. */
  #checked(streamId: string, running: readonly OllamaRunning[] | undefined): void {
    const job = this.#view.jobs.get(streamId);
    const silence = job === undefined ? undefined : this.#silences.get(job);
    if (job === undefined || silence === undefined || job.stage !== 'inside' || running === undefined) return;
    const listed = isLoaded(running, job.model) ? 'loaded' : 'not-loaded';
    if (this.#judge(job, silence, listed).cure === 'unload') this.#healer.heal(job.model);
  }

  /** Handles the end of the unload: the request is posted again. */
  #healed(model: string, jobs: readonly JobEntry[]): void {
    this.#left.delete(modelKey(model));
    for (const job of jobs) this.#silences.delete(job);
  }

  #takeSample(samples: readonly RunnerSample[] | undefined): void {
    this.#sampling = false;
    this.#runner.take(samples, this.#context.clock.now());
  }

  #silenceOf(job: JobEntry, silent: SilentJob): Silence {
    const known = this.#silences.get(job);
    if (known !== undefined && known.job.sinceMs === silent.sinceMs) return known;
    const begun: Silence = {
      job: silent,
      state: 'working',
      notListedAtMs: Number.NEGATIVE_INFINITY,
      expiresAt: this.#view.known.running(job.model)?.['expires_at'],
      expiresMovedAtMs: Number.NEGATIVE_INFINITY,
    };
    this.#silences.set(job, begun);
    return begun;
  }

  #listed(model: string): SilenceEvidence['listed'] {
    const { known } = this.#view;
    const ageMs = this.#context.clock.now() - known.runningAskedAtMs;
    if (ageMs > staleIntervals * this.#task.limits.probeIntervalMs) return 'unknown';
    return known.running(model) === undefined ? 'not-loaded' : 'loaded';
  }

  #judge(job: JobEntry, silence: Silence, listed: SilenceEvidence['listed']): SilenceVerdict {
    const nowMs = this.#context.clock.now();
    const { busy, known } = this.#view;
    const entry = known.running(job.model);
    if (listed === 'not-loaded') silence.notListedAtMs = nowMs;
    if (entry !== undefined && silence.expiresAt === undefined) silence.expiresAt = entry['expires_at'];
    else if (entry !== undefined && entry['expires_at'] !== silence.expiresAt) {
      silence.expiresAt = entry['expires_at'];
      silence.expiresMovedAtMs = nowMs;
    }
    const { sinceMs, answered, shape } = silence.job;
    const byteAtMs = this.recent.of(job.model);
    const movedAtMs = Math.max(
      byteAtMs > sinceMs ? byteAtMs : Number.NEGATIVE_INFINITY,
      silence.expiresMovedAtMs,
    );
    const contextTokens = contextOf(entry, shape.generates);
    return decideSilence({
      silentMs: nowMs - sinceMs,
      answered,
      prompt: this.#speeds.prompt(modelKey(job.model), shape, contextTokens),
      held: this.#held(job.model, silence.job, contextTokens),
      listed,
      listedForMs: nowMs - silence.notListedAtMs,
      othersMovedMs: nowMs - movedAtMs,
      runnerStillMs: this.#runner.stillForMs,
      leftBefore: this.#left.has(modelKey(job.model)),
      othersInside: busy() - this.#view.jobs.waitingInside(job.model).length,
      healedBefore: job.healed,
      maxSilenceMs: this.#task.limits.maxSilenceMs,
    });
  }

  #held(model: string, { shape }: SilentJob, contextTokens: number): HeldAnswer | undefined {
    const thinks =
      shape.think === 'on' || (shape.think === 'unset' && this.#view.known.hasCapability(model, 'thinking'));
    const why = shape.heldBecause ?? (thinks ? 'the model thinks' : undefined);
    if (why === undefined) return undefined;
    return { why, ...this.#speeds.answer(modelKey(model), shape.maxTokens, contextTokens) };
  }

  #log(job: JobEntry, silence: Silence, { state, cure, reason }: SilenceVerdict): void {
    if (silence.state === state) return;
    silence.state = state;
    const { instance } = this.#task;
    const silentMs = Math.round(this.#context.clock.now() - silence.job.sinceMs);
    const fields = { instance: instance.name, model: job.model, streamId: job.streamId, silentMs, cure };
    const message = `${job.model} on ${instance.name} is ${state === 'suspect' ? 'perhaps stuck' : state}: ${reason}`;
    if (state === 'stuck') this.#context.log.warn(fields, message);
    else this.#context.log.info(fields, message);
  }

  #giveUp(job: JobEntry, silence: Silence, { reason }: SilenceVerdict): void {
    const { sinceMs } = silence.job;
    const message = `Ollama is stuck with this request: ${reason}`;
    job.ref.tell({ kind: 'stuck', sinceMs, message }, { lane: 'control' });
  }

  #sampleRunner(): void {
    const { runnerCpu } = this.#task;
    const nowMs = this.#context.clock.now();
    if (runnerCpu === undefined || this.#sampling || nowMs - this.#sampledAtMs < sampleIntervalMs) return;
    this.#sampling = true;
    this.#sampledAtMs = nowMs;
    this.#context.pipeToSelf(
      runnerCpu.sample(),
      (samples) => ({ kind: 'runner-sampled', samples }),
      () => ({ kind: 'runner-sampled', samples: undefined }),
    );
  }
}

/** Largest prompt in tokens: Ollama cuts a prompt to the context of its slot, but not a batch of embeddings. */
function contextOf(entry: OllamaRunning | undefined, generates: boolean): number {
  const tokens = entry?.['context_length'];
  return generates && typeof tokens === 'number' && tokens > 0 ? tokens : Number.POSITIVE_INFINITY;
}
