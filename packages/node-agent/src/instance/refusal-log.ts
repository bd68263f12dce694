import {
  decideInstanceHealth,
  type HealthLimits,
  type HealthState,
  modelKey,
  type RefusalReport,
  wellHealth,
} from '@drover/fleet';
import type { JobOutcome } from '../job/job-message.ts';

/** A change after the outcome of a request, for the log; `model` is absent for the whole instance. */
export interface RefusalChange {
  readonly kind: 'refuses' | 'serves';
  readonly model: string | undefined;
  readonly reason: string;
}

interface Entry {
  /** Name of the model as Ollama lists it; undefined for the whole instance. */
  readonly model: string | undefined;
  readonly health: HealthState;
  readonly failedAtMs: number;
  /** Failures in a row; 0 after a success of a request that was sent after the last failure. */
  readonly inRow: number;
}

/** Largest number of refusals in one load report. */
const maxReported = 16;
/** Largest number of entries; the oldest entry is removed first. */
const maxEntries = 256;
/** Age after which a refusal without later outcomes is ignored. */
const reportForMs = 600_000;

/**
 * Health evidence from the answers of one Ollama, in addition to probes: a host that answers `/api/version` and refuses
 * every request is ill. The agent still sends it requests; the load report tells fleet clients, `status` and `doctor`.
 */
export class RefusalLog {
  readonly #limits: HealthLimits;
  /** Models with recent failures by `modelKey`, and the instance under the empty key. */
  readonly #entries = new Map<string, Entry>();

  constructor(limits: HealthLimits) {
    this.#limits = limits;
  }

  /** Records the outcome of a request for `model`; returns the change, if there is one. */
  note(model: string, outcome: JobOutcome, nowMs: number): RefusalChange | undefined {
    const failure = failureOf(outcome);
    if (failure !== undefined)
      return this.#fail(failure.subject === 'model' ? model : undefined, failure.reason, nowMs);
    if (outcome.how !== 'completed' || outcome.refusal !== undefined || outcome.lines === 0) return undefined;
    const openedAtMs = nowMs - outcome.upstreamMs;
    return this.#succeed(undefined, openedAtMs, nowMs) ?? this.#succeed(model, openedAtMs, nowMs);
  }

  /**
   * Refusals for the load report; undefined for none. One success ends the report of a refusal, even while the entry is
   * still ejected.
   */
  reports(nowMs: number): readonly RefusalReport[] | undefined {
    const reported: RefusalReport[] = [];
    for (const { model, health, failedAtMs, inRow } of this.#entries.values()) {
      const ageMs = nowMs - failedAtMs;
      if (health.phase !== 'ejected' || inRow === 0 || ageMs > reportForMs || reported.length >= maxReported)
        continue;
      reported.push({ ...(model !== undefined && { model }), reason: health.reason, inRow, ageMs });
    }
    return reported.length === 0 ? undefined : reported;
  }

  #fail(model: string | undefined, reason: string, nowMs: number): RefusalChange | undefined {
    const key = keyOf(model);
    const before = this.#entries.get(key);
    const event = { kind: 'failure', reason, retryAfterMs: 0, jitter: 0 } as const;
    const health = decideInstanceHealth(before?.health ?? wellHealth, event, nowMs, this.#limits);
    this.#entries.delete(key);
    this.#entries.set(key, { model, health, failedAtMs: nowMs, inRow: (before?.inRow ?? 0) + 1 });
    if (this.#entries.size > maxEntries)
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    if (health.phase !== 'ejected' || before?.health.phase === 'ejected') return undefined;
    return { kind: 'refuses', model, reason };
  }

  #succeed(model: string | undefined, openedAtMs: number, nowMs: number): RefusalChange | undefined {
    const key = keyOf(model);
    const before = this.#entries.get(key);
    if (before === undefined) return undefined;
    // A success does not end an ejection early, so that a host that fails every other time writes few log lines.
    const event = { kind: 'success', openedAtMs: Number.NEGATIVE_INFINITY } as const;
    const health = decideInstanceHealth(before.health, event, nowMs, this.#limits);
    if (health.phase === 'well' && health.failures === 0) this.#entries.delete(key);
    else if (health.phase === 'ejected' && openedAtMs <= before.failedAtMs)
      this.#entries.set(key, { ...before, health });
    else this.#entries.set(key, { ...before, health, inRow: 0 });
    if (before.health.phase !== 'ejected' || health.phase === 'ejected') return undefined;
    return { kind: 'serves', model, reason: '' };
  }
}

function keyOf(model: string | undefined): string {
  return model === undefined ? '' : modelKey(model);
}

/** Evidence of the outcome against the host; undefined for none. */
function failureOf({ how, lines, refusal, detail }: JobOutcome): JobOutcome['refusal'] {
  if (refusal !== undefined) return refusal;
  if (how === 'upstream-stalled') return { subject: 'model', reason: detail };
  if (how === 'upstream-lost' || (how === 'bad-upstream' && lines === 0))
    return { subject: 'instance', reason: detail };
  return undefined;
}
