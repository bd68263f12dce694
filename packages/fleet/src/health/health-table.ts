import type { Clock, Random } from '@drover/actor-core';
import {
  decideInstanceHealth,
  type HealthEvent,
  type HealthLimits,
  type HealthState,
  healthShare,
  isForgettable,
  wellHealth,
} from './instance-health.ts';
import type { LoadReport } from '../protocol/load-report.ts';
import { type InstanceEvidence, instanceKey } from '../load/load-table.ts';
import { modelKey } from '../protocol/model-name.ts';
import type { RefusalSubject } from './refusal-subject.ts';

/** Evidence that a host refused or failed a request. */
export interface HostFailure {
  readonly subject: Extract<RefusalSubject, 'model' | 'instance'>;
  readonly reason: string;
  /** Retry time that the host named; 0 for none. */
  readonly retryAfterMs: number;
}

/** Instances that should be asked last, as sets of `instanceKey`s. */
export interface AvoidedInstances {
  /** Instances to ask only if no other instance is left. */
  readonly avoided: ReadonlySet<string>;
  /** The ejected instances in `avoided`: to ask only if no recovering instance is left. */
  readonly ejected: ReadonlySet<string>;
}

/** A host, or one model on it, is asked last from now on. */
export interface Ejection {
  /** Its `instanceKey`, and the model after a space where only that model is concerned. */
  readonly subject: string;
  /** Text of the last failure. */
  readonly reason: string;
  readonly failuresInRow: number;
  /** Ejections since the last healthy period. */
  readonly ejections: number;
  readonly durationMs: number;
}

const nothingAvoided: AvoidedInstances = { avoided: new Set(), ejected: new Set() };

/**
 * Largest number of entries (instances, and models on instances, with recent failures). The oldest entry is removed
 * first.
 */
const maxEntries = 4_096;

/**
 * Health of each instance and of each model on it, as one fleet client has observed it. Keeps only entries with recent
 * failures. Models are named by their `modelKey`, instances by their `instanceKey`.
 */
export class HealthTable {
  readonly #limits: HealthLimits;
  readonly #onEjected: (ejected: Ejection) => void;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #states = new Map<string, HealthState>();

  constructor(limits: HealthLimits, clock: Clock, random: Random, onEjected: (ejected: Ejection) => void) {
    this.#onEjected = onEjected;
    this.#limits = limits;
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * The instances to ask last for this model. A recovering instance is included at random, according to its share of
   * requests.
   */
  avoidedFor(model: string, instances: readonly InstanceEvidence[]): AvoidedInstances {
    if (this.#states.size === 0) return nothingAvoided;
    const avoided = new Set<string>();
    const ejected = new Set<string>();
    const nowMs = this.#clock.now();
    for (const evidence of instances) {
      const key = instanceKey(evidence);
      const share = Math.min(
        ...this.#known(key, model).map((state) => healthShare(state, nowMs, this.#limits)),
      );
      if (share === 0) ejected.add(key);
      if (share < 1 && this.#random.next() >= share) avoided.add(key);
    }
    return { avoided, ejected };
  }

  /** Text of the failure that made the instance ill, for this model or for all models; undefined while it is well. */
  illness(instance: string, model: string): string | undefined {
    return this.#known(instance, model).find(({ phase }) => phase !== 'well')?.reason;
  }

  /** True if the instance should be asked last for this model, because its ejection time or its trial has not ended. */
  isEjected(instance: string, model: string): boolean {
    const nowMs = this.#clock.now();
    return this.#known(instance, model).some((state) => healthShare(state, nowMs, this.#limits) === 0);
  }

  /** Milliseconds until the first of these instances gets a trial for this model; 0 if one may be asked now. */
  nextTrialMs(instances: readonly string[], model: string): number {
    const nowMs = this.#clock.now();
    const waits = instances.map((instance) =>
      Math.max(0, ...this.#known(instance, model).map(({ untilMs }) => untilMs - nowMs)),
    );
    return waits.length === 0 ? 0 : Math.ceil(Math.min(...waits));
  }

  /** Records that a request was sent to the instance. Returns the current time, for `succeeded`. */
  opened(instance: string, model: string): number {
    this.#both(instance, model, { kind: 'opened' });
    return this.#clock.now();
  }

  /** Records that the instance served a request that was sent at `openedAtMs`. */
  succeeded(instance: string, model: string, openedAtMs: number): void {
    this.#both(instance, model, { kind: 'success', openedAtMs });
  }

  undecided(instance: string, model: string): void {
    this.#both(instance, model, { kind: 'undecided' });
  }

  failed(instance: string, model: string, { subject, reason, retryAfterMs }: HostFailure): void {
    const event = { kind: 'failure', reason, retryAfterMs, jitter: this.#random.next() } as const;
    const key = subject === 'model' ? modelOn(instance, model) : instance;
    this.#apply(key, this.#states.get(key) ?? wellHealth, event);
    // The other entry (instance or model) was part of the trial, but this outcome is no evidence about it.
    const other = subject === 'model' ? instance : modelOn(instance, model);
    const state = this.#states.get(other);
    if (state !== undefined) this.#apply(other, state, { kind: 'undecided' });
  }

  /** Records the refusals in a node-agent's report, of which this client may have no observation yet. */
  reported({ node, instances }: LoadReport): void {
    for (const { name, refusals } of instances) {
      for (const { model, reason } of refusals ?? []) {
        const instance = `${node}/${name}`;
        const key = model === undefined ? instance : modelOn(instance, modelKey(model));
        const event = { kind: 'reported', reason, jitter: this.#random.next() } as const;
        this.#apply(key, this.#states.get(key) ?? wellHealth, event);
      }
    }
  }

  clear(): void {
    this.#states.clear();
  }

  /** Number of entries. */
  get size(): number {
    return this.#states.size;
  }

  #known(instance: string, model: string): HealthState[] {
    return [
      this.#states.get(instance) ?? wellHealth,
      this.#states.get(modelOn(instance, model)) ?? wellHealth,
    ];
  }

  /** Applies an event to the entries of the instance and of the model on it, where they exist. */
  #both(instance: string, model: string, event: HealthEvent): void {
    for (const key of [instance, modelOn(instance, model)]) {
      const state = this.#states.get(key);
      if (state !== undefined) this.#apply(key, state, event);
    }
  }

  #apply(key: string, state: HealthState, event: HealthEvent): void {
    const nowMs = this.#clock.now();
    const next = decideInstanceHealth(state, event, nowMs, this.#limits);
    const isEjectedNow =
      next.phase === 'ejected' && (state.phase !== 'ejected' || next.sinceMs !== state.sinceMs);
    if (isEjectedNow) this.#onEjected(ejectionOf(key, next, nowMs));
    this.#states.delete(key);
    if (isForgettable(next, nowMs, this.#limits)) return;
    this.#states.set(key, next);
    if (this.#states.size <= maxEntries) return;
    for (const oldest of this.#states.keys()) {
      this.#states.delete(oldest);
      break;
    }
  }
}

/** Key of a model on an instance. Neither name can contain a space. */
function modelOn(instance: string, model: string): string {
  return `${instance} ${model}`;
}

function ejectionOf(
  subject: string,
  { reason, failuresInRow, ejections, untilMs }: HealthState,
  nowMs: number,
): Ejection {
  return { subject, reason, failuresInRow, ejections, durationMs: Math.round(untilMs - nowMs) };
}
