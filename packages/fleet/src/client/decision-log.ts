import type { Clock } from '@drover/actor-core';
import { modelKey } from '../protocol/model-name.ts';
import type { AttemptFailure } from './attempt-failure.ts';
import type {
  AttemptOutcome,
  AttemptView,
  Candidate,
  RequestDecisions,
  RoutingView,
} from './request-decisions.ts';

/** Largest number of recorded requests; the oldest is removed first. */
const maxRequests = 1_000;
const maxAgeMs = 15 * 60_000;
/** Largest number of recorded attempts of one request; a move to another queue counts as an attempt. */
const maxAttempts = 16;
const maxMessageUnits = 300;
const defaultTenant = 'default';

/** How an attempt ended. */
export interface AttemptEnding {
  readonly outcome: AttemptOutcome;
  readonly code?: string | undefined;
  readonly message?: string | undefined;
}

/** The ending of an attempt that failed before anything was delivered. */
export function endingOf({
  answer,
  refusal,
  code,
  message,
}: Pick<AttemptFailure, 'answer' | 'refusal' | 'code' | 'message'>): AttemptEnding {
  if (answer !== undefined) return { outcome: 'refused', message: answer.text };
  if (refusal !== undefined) return { outcome: 'not-taken', code: refusal, message };
  return { outcome: 'failed', code, message };
}

interface Place {
  readonly node: string;
  readonly instance: string;
  readonly residencyKey: string | null;
}

/** Recorder of the decisions of one call. */
export class DecisionTrail {
  readonly #requestId: string;
  readonly #model: string;
  readonly #clock: Clock;
  readonly #startedAtMs: number;
  #residencyKey: string | null = null;
  #candidates: readonly Candidate[] = [];
  #routing: RoutingView | undefined;
  #attempts: AttemptView[] = [];
  #outcome: RequestDecisions['outcome'] = 'running';
  #error: RequestDecisions['error'];

  constructor(requestId: string, model: string, clock: Clock) {
    this.#requestId = requestId;
    this.#model = modelKey(model);
    this.#clock = clock;
    this.#startedAtMs = clock.now();
  }

  get ageMs(): number {
    return Math.round(this.#clock.now() - this.#startedAtMs);
  }

  decided(candidates: readonly Candidate[]): void {
    this.#candidates = candidates;
  }

  /** Milliseconds since the arrival, to a hundredth. */
  get preciseMs(): number {
    return Math.round((this.#clock.now() - this.#startedAtMs) * 100) / 100;
  }

  /** Records how the first instance was chosen. Ignored once there was an attempt. */
  routed(routing: RoutingView): void {
    if (this.#attempts.length === 0) this.#routing = routing;
  }

  opened({ node, instance, residencyKey }: Place): void {
    this.#residencyKey = residencyKey;
    const attempt = { node, instance, startedMs: this.ageMs, endedMs: null, outcome: 'running' } as const;
    this.#attempts = [...this.#attempts, attempt].slice(-maxAttempts);
  }

  /** Records the end of the last opened attempt. */
  closed(status: number | undefined, { outcome, code, message }: AttemptEnding): void {
    const attempt = this.#attempts.at(-1);
    if (attempt === undefined) return;
    this.#attempts[this.#attempts.length - 1] = {
      ...attempt,
      endedMs: this.ageMs,
      outcome,
      ...(status !== undefined && { status }),
      ...(code !== undefined && { code }),
      ...(message !== undefined && { message: message.slice(0, maxMessageUnits) }),
    };
  }

  /** Records the end of the request. Called once. */
  ended(outcome: 'served' | 'refused'): void {
    this.#outcome = outcome;
  }

  /** The request goes on after its failure. */
  reopen(): void {
    this.#outcome = 'running';
    this.#error = undefined;
  }

  failed(code: string, message: string): void {
    if (this.#outcome !== 'running') return;
    this.#outcome = 'failed';
    this.#error = { code, message: message.slice(0, maxMessageUnits) };
  }

  view(): RequestDecisions {
    const last = this.#attempts.at(-1);
    return {
      requestId: this.#requestId,
      model: this.#model,
      residencyKey: this.#residencyKey,
      chosen: last === undefined ? null : { node: last.node, instance: last.instance },
      candidates: this.#candidates,
      ...(this.#routing !== undefined && { routing: this.#routing }),
      attempts: [...this.#attempts],
      outcome: this.#outcome,
      ...(this.#error !== undefined && { error: this.#error }),
      ageMs: this.ageMs,
    };
  }
}

/** The decisions of the last requests of one client, for `why`: 1,000 requests, none older than 15 minutes. */
export class DecisionLog {
  readonly #clock: Clock;
  /** By tenant and request id, in order of arrival: a request id of one tenant says nothing about that of another. */
  readonly #trails = new Map<string, DecisionTrail>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Starts the record of a request; replaces an earlier record of the tenant with the same id. */
  begin(requestId: string, model: string, tenant: string = defaultTenant): DecisionTrail {
    const trail = new DecisionTrail(requestId, model, this.#clock);
    const key = keyOf(tenant, requestId);
    this.#trails.delete(key);
    this.#trails.set(key, trail);
    this.#forgetOld();
    return trail;
  }

  /** The record of a request that failed and goes on; undefined for one that is not recorded. */
  reopen(requestId: string, tenant: string = defaultTenant): DecisionTrail | undefined {
    const trail = this.#trails.get(keyOf(tenant, requestId));
    trail?.reopen();
    return trail;
  }

  find(requestId: string, tenant: string = defaultTenant): RequestDecisions | undefined {
    this.#forgetOld();
    return this.#trails.get(keyOf(tenant, requestId))?.view();
  }

  clear(): void {
    this.#trails.clear();
  }

  #forgetOld(): void {
    for (const [key, trail] of this.#trails) {
      if (this.#trails.size <= maxRequests && trail.ageMs <= maxAgeMs) return;
      this.#trails.delete(key);
    }
  }
}

/** A tenant has no space in its name. */
function keyOf(tenant: string, requestId: string): string {
  return `${tenant} ${requestId}`;
}
