import type { FleetConfig } from '../config.ts';
import type { FleetErrorCode } from '../errors.ts';
import { type InstanceEvidence, instanceKey } from '../load/load-table.ts';
import { listedModel } from '../load/listed-model.ts';
import { queueRetryAfterMs, isDoubtful, queueWaitMs, reportsFull } from '../load/queue-wait.ts';
import type { AnsweredFailure, AttemptFailure } from './attempt-failure.ts';
import { chooseErrorAnswer } from './error-answer.ts';

/** One instance of the fleet. */
export interface InstanceName {
  readonly node: string;
  readonly instance: string;
}

/** All facts from which the choice is made. */
export interface AttemptFacts {
  readonly nowMs: number;
  readonly startedAtMs: number;
  readonly deadlineAtMs: number;
  readonly connected: boolean;
  /** Instant at which the request first found the bus disconnected; undefined while it is connected. */
  readonly busAwaySinceMs: number | undefined;
  /** True once any load report was accepted. */
  readonly hasReports: boolean;
  readonly instances: readonly InstanceEvidence[];
  /** `modelKey` of the requested model. */
  readonly model: string;
  /** The context that the request states, tokens. @default none */
  readonly contextTokens?: number | undefined;
  /** The only instance that may serve the request, if the request names one. */
  readonly only?: InstanceName | undefined;
  /** Digest that the instance's copy of the model must have, if the request names one. */
  readonly digest?: string | undefined;
  /** `instanceKey`s of the instances that were asked. */
  readonly tried: ReadonlySet<string>;
  /** `instanceKey`s of ill instances, which are asked last. @default none */
  readonly avoided?: ReadonlySet<string>;
  /** The ejected instances in `avoided`: asked after the recovering ones. @default none */
  readonly ejected?: ReadonlySet<string>;
  /** In the order of the attempts. */
  readonly failures: readonly AttemptFailure[];
  /** False when the retry budget is used up: no other instance is asked. @default true */
  readonly mayRetry?: boolean;
}

export type AttemptDecision =
  | { readonly kind: 'open'; readonly instance: InstanceEvidence }
  /** Nothing can be done before this instant or a change of the bus or the load table. */
  | { readonly kind: 'wait'; readonly untilMs: number }
  /** No host served the request: the client gets the answer of this host. */
  | { readonly kind: 'answer'; readonly failure: AnsweredFailure; readonly retryAfterMs: number }
  | {
      readonly kind: 'fail';
      readonly code: FleetErrorCode;
      readonly message: string;
      readonly retryAfterMs: number;
      readonly node?: string | undefined;
    };

/** Shortest retry time for a client whose request found no instance: about as long as a node-agent takes to restart. */
const minRetryAfterMs = 1_000;

/** Chooses one of the candidates of an attempt, by the routing policy of the request. */
export type ChooseInstance = (candidates: readonly InstanceEvidence[]) => InstanceEvidence | undefined;

/** Decides the next step of a request of which nothing was delivered while no attempt is under way. */
export function decideAttempt(
  facts: AttemptFacts,
  choose: ChooseInstance,
  config: FleetConfig,
): AttemptDecision {
  const { nowMs, failures, model } = facts;
  if (nowMs >= facts.deadlineAtMs) {
    return fail(
      'deadline',
      `no instance answered ${model} before the request's deadline`,
      0,
      failures.at(-1)?.node,
    );
  }
  if (!facts.connected) {
    const untilMs = (facts.busAwaySinceMs ?? nowMs) + config.busWaitMs;
    if (nowMs < untilMs) return { kind: 'wait', untilMs };
    return fail('bus-unavailable', `NATS has been disconnected for ${config.busWaitMs} ms`, minRetryAfterMs);
  }
  if (!facts.hasReports) {
    const untilMs = facts.startedAtMs + config.firstReportWaitMs;
    if (nowMs < untilMs) return { kind: 'wait', untilMs };
    return fail('no-host', 'no node-agent has reported yet', minRetryAfterMs);
  }
  if (failures.length < config.maxAttempts && facts.mayRetry !== false) {
    const candidates = usableOf(candidatesFor(facts), facts);
    const instance = choose(candidates);
    const mayFit = facts.only !== undefined || !areAllFull(candidates, config);
    if (instance !== undefined && mayFit) return { kind: 'open', instance };
    if (instance !== undefined && failures.every(({ refusal }) => refusal === 'queue-full'))
      return refuseFull(candidates, model, failures);
  }
  if (failures.length === 0) return noInstance(facts);
  const failure = chooseErrorAnswer(failures);
  // Without such an answer, the error describes the other failures.
  if (failure === undefined) return summarise(failures.filter(({ answer }) => answer === undefined));
  return { kind: 'answer', failure, retryAfterMs: Math.max(minRetryAfterMs, failure.retryAfterMs) };
}

/** Ready instances of live nodes that list the model and were not tried. */
export function candidatesFor(
  facts: Pick<AttemptFacts, 'instances' | 'model' | 'tried' | 'only' | 'digest'>,
): InstanceEvidence[] {
  return facts.instances.filter(
    (evidence) =>
      isReady(evidence) &&
      lists(evidence, facts.model, facts.digest) &&
      isAllowed(evidence, facts.only) &&
      (facts.tried.size === 0 || !facts.tried.has(instanceKey(evidence))),
  );
}

/**
 * The instances that are not ejected, if there are any. This holds even if the queues of all of these are full: a
 * request to an ejected instance would add load and probably fail.
 */
function usableOf(
  candidates: readonly InstanceEvidence[],
  { avoided, ejected, failures }: AttemptFacts,
): readonly InstanceEvidence[] {
  if (avoided === undefined || avoided.size === 0) return candidates;
  const well = candidates.filter((evidence) => !avoided.has(instanceKey(evidence)));
  if (well.length > 0) return well;
  if (failures.some(({ refusal }) => refusal === 'queue-full')) return [];
  const recovering = candidates.filter((evidence) => ejected?.has(instanceKey(evidence)) !== true);
  return recovering.length > 0 ? recovering : candidates;
}

/** True when fresh evidence shows that each instance would refuse: asking them would only delay the client's answer. */
function areAllFull(candidates: readonly InstanceEvidence[], { staleEvidenceMs }: FleetConfig): boolean {
  return candidates.every((evidence) => reportsFull(evidence) && !isDoubtful(evidence, staleEvidenceMs));
}

function refuseFull(
  candidates: readonly InstanceEvidence[],
  model: string,
  failures: readonly AttemptFailure[],
): AttemptDecision {
  const waitsMs = [
    ...candidates.map((evidence) => queueRetryAfterMs(queueWaitMs(evidence, model))),
    ...failures.map(({ retryAfterMs }) => retryAfterMs),
  ];
  const count = candidates.length + failures.length;
  const instances = count === 1 ? 'the only instance' : `all ${count} instances`;
  const message = `the queues of ${instances} with ${model} are full`;
  return fail('queue-full', message, Math.max(minRetryAfterMs, Math.min(...waitsMs)));
}

function isAllowed({ node, load }: InstanceEvidence, only: InstanceName | undefined): boolean {
  return only === undefined || (only.node === node && only.instance === load.name);
}

function isReady({ alive, load }: InstanceEvidence): boolean {
  return alive && load.state === 'ready';
}

function lists({ load }: InstanceEvidence, model: string, digest?: string): boolean {
  const listed = listedModel(load, model);
  if (listed === undefined) return false;
  return digest === undefined || bareDigest(listed.digest) === bareDigest(digest);
}

/** Removes the prefix `sha256:`, which Ollama writes in some places and omits in others. */
function bareDigest(digest: string): string {
  return digest.replace(/^sha256:/, '');
}

function noInstance({ instances, model, only, digest }: AttemptFacts): AttemptDecision {
  if (only !== undefined) {
    const message = `${only.instance} on ${only.node} is not ready or does not list ${model}`;
    return fail('no-host', message, minRetryAfterMs, only.node);
  }
  if (!instances.some(isReady)) {
    const reason =
      instances.length === 0
        ? 'no Ollama instance is known'
        : `none of ${instances.length} Ollama instances is ready`;
    return fail('no-host', reason, minRetryAfterMs);
  }
  // A model is known even if the only host that has it is not ready.
  const holder = instances.find((evidence) => lists(evidence, model, digest));
  if (holder === undefined && digest !== undefined)
    return fail('model-not-found', `no instance lists ${model} with the digest ${digest}`, 0);
  if (holder !== undefined) {
    return fail(
      'no-host',
      `no ready instance has ${model}; ${holder.load.name} on ${holder.node} has it`,
      minRetryAfterMs,
      holder.node,
    );
  }
  return fail('model-not-found', `no instance lists ${model}`, 0);
}

/**
 * One error for all attempts: the last failure that is not a refusal because of a full queue or a missing model; else
 * `queue-full`, because a retry can succeed; else `model-not-found`, which is correct only if every instance lacks the
 * model.
 */
function summarise(failures: readonly AttemptFailure[]): AttemptDecision {
  const full = failures.filter(({ refusal }) => refusal === 'queue-full');
  const broken = failures.findLast(({ refusal }) => refusal !== 'queue-full' && refusal !== 'model-missing');
  const shown = broken ?? full.at(-1) ?? failures.at(-1);
  if (shown === undefined) return fail('no-host', 'there is no instance to ask', minRetryAfterMs);
  const attempts = failures.length > 1 ? ` (${failures.length} instances were tried)` : '';
  const message = `${shown.instance} on ${shown.node}: ${shown.message}${attempts}`;
  const hintMs =
    shown === broken ? shown.retryAfterMs : Math.min(...full.map(({ retryAfterMs }) => retryAfterMs));
  const mayReturn = shown.code === 'queue-full' || shown.code === 'no-host' || shown.code === 'host-lost';
  return fail(shown.code, message, mayReturn ? Math.max(minRetryAfterMs, hintMs) : 0, shown.node);
}

function fail(code: FleetErrorCode, message: string, retryAfterMs: number, node?: string): AttemptDecision {
  return { kind: 'fail', code, message, retryAfterMs, node };
}
