import { createLiveConfig } from '@drover/actor-core';
import type { ClusterNode } from '@drover/actor-core/cluster';
import { type FleetConfig, liveFields, resolveConfig } from '../config.ts';
import type { FleetError } from '../errors.ts';
import { type Ejection, HealthTable } from '../health/health-table.ts';
import { createLoadTable } from '../load/live-load-table.ts';
import { modelKey } from '../protocol/model-name.ts';
import { RoutingPolicies } from '../routing/policies.ts';
import { routedRequest } from '../routing/routed-request.ts';
import type { RoutingPolicy } from '../routing/routing-policy.ts';
import type { PrincipalSigner } from '../signing/principal-signer.ts';
import { ContinuedCall } from './continuation/continued-call.ts';
import { listedModel } from '../load/listed-model.ts';
import type { LoadTable } from '../load/load-table.ts';
import { callError } from './call-error.ts';
import type { CallRecord, KeptPlace, SessionShared } from './call-record.ts';
import { findKept } from './find-kept.ts';
import { ModelListings } from './model-listings.ts';
import { DecisionLog } from './decision-log.ts';
import type { FleetCall, FleetClient, FleetHead, FleetRequest } from './fleet-client.ts';
import { PendingCall } from './pending-call.ts';
import { RetryBudget } from './retry-budget.ts';
import { RunningCalls, tellSession } from './running-calls.ts';
import { sessionSupervisorProps } from './session-supervisor.ts';

export interface FleetClientOptions {
  readonly config?: Partial<FleetConfig>;
  /** Policy for requests that do not state one: one of `routingPolicyNames`, or a policy. @default 'loaded-first' */
  readonly policy?: string | RoutingPolicy;
  /** Signs the requests. It is not stopped with the client. @default requests have no signature, as those of 0.3.0 */
  readonly signer?: PrincipalSigner;
}

/** A client of the fleet whose settings its owner may change. */
export interface OwnedFleetClient extends FleetClient {
  /**
   * Replaces the settings that were changed since the start.
   *
   * @throws InvalidArgumentError naming a setting that cannot change, or does not fit; nothing changes
   */
  reconfigure(changes: Partial<FleetConfig>): void;
}

/**
 * Makes the client of the fleet for one node. `stop` it before the node leaves.
 *
 * @throws InvalidArgumentError naming a setting that is unknown, out of range or contradicts another
 */
export function createFleetClient(node: ClusterNode, options: FleetClientOptions = {}): OwnedFleetClient {
  const live = createLiveConfig(resolveConfig, options.config ?? {}, liveFields);
  const config = live.current;
  const policyOf = policyLookup(node, config, options.policy ?? 'loaded-first');
  const health = new HealthTable(config, node.clock, node.random, (ejection) =>
    reportEjection(node, ejection),
  );
  const load = createLoadTable(node, config, (report) => health.reported(report));
  const decisions = new DecisionLog(node.clock);
  const retries = new RetryBudget(config, node.clock.now());
  const shared: SessionShared = {
    node,
    config,
    load,
    health,
    retries,
    decisions,
    signer: options.signer,
    partial: { units: 0 },
  };
  const calls = new RunningCalls();
  const listings = new ModelListings(node, load, config);
  const name = `fleet-sessions-${node.random.id().slice(0, 8)}`;
  const sessions = node.system.spawn(sessionSupervisorProps(shared), name);
  const unfollow = calls.follow(node, load);
  let stopping = false;

  const run = (request: FleetRequest, signal: AbortSignal, adopts?: KeptPlace): FleetCall => {
    const cancel = (reason: string): void => {
      if (record.session === undefined) record.cancelled ??= reason;
      else tellSession(record, { kind: 'cancel', reason });
    };
    const onAbort = (): void => cancel('the caller aborted');
    const call = new PendingCall({
      consumed: (count) => tellSession(record, { kind: 'consumed', count }),
      cancel,
      ended: () => {
        calls.delete(record);
        signal.removeEventListener('abort', onAbort);
      },
    });
    const facts = { request, policy: policyOf(request.policy), adopts };
    const record = createRecord(call, facts, config, node.clock.now());
    const refusal = whyRefused(request, signal, stopping, calls.size, config);
    if (refusal !== undefined) {
      call.finish(refusal);
      return call;
    }
    calls.add(record);
    retries.earn();
    signal.addEventListener('abort', onAbort, { once: true });
    sessions.tell({ kind: 'run', record });
    return call;
  };

  let stopped: Promise<void> | undefined;
  const close = (reason: string): void => {
    stopping = true;
    unfollow();
    for (const { call, request } of calls.all()) call.finish(callError('cancelled', reason, request));
    load.stop();
    health.clear();
    decisions.clear();
    listings.clear();
  };
  const stop = (): Promise<void> => {
    stopping = true;
    stopped ??= node.system.stop(sessions).then(() => close('the fleet client was stopped'));
    return stopped;
  };
  // Without its actors the client cannot answer any call: ends the running calls and refuses later ones.
  void node.system.terminated.then(() => close('the node stopped'));

  return {
    load,
    run: (request, signal) => {
      if (request.mayContinue === false) return run(request, signal);
      return new ContinuedCall({
        request,
        signal,
        clock: node.clock,
        run: (one) => run(one, signal),
        digestAt: (head) => digestAt(load, request.model, head),
        onContinued: () => reportContinuation(node, request),
      });
    },
    adopt: async (request, signal) => {
      const place = await findKept(shared, request);
      return place === undefined ? undefined : run(request, signal, place);
    },
    describe: (describeOptions) =>
      listings.describe({
        timeoutMs: describeOptions?.timeoutMs ?? config.describeTimeoutMs,
        fresh: describeOptions?.fresh === true,
      }),
    reconfigure: (changes) => live.apply(changes),
    why: (requestId, tenant) => decisions.find(requestId, tenant),
    get active() {
      return calls.size;
    },
    stop,
  };
}

function digestAt(load: LoadTable, model: string, { node, instance }: FleetHead): string | undefined {
  const evidence = load.instances().find((one) => one.node === node && one.load.name === instance);
  return evidence === undefined ? undefined : listedModel(evidence.load, modelKey(model))?.digest;
}

function reportContinuation(
  { system }: Pick<ClusterNode, 'system'>,
  { requestId, model }: FleetRequest,
): void {
  const evidence = { requestId, model };
  system.reportRemedy({ action: 're-place', subject: 'stream', cause: 'its host was lost', evidence });
}

function reportEjection(
  { system }: Pick<ClusterNode, 'system'>,
  { subject, reason, ...evidence }: Ejection,
): void {
  system.reportRemedy({ action: 'eject', subject, cause: reason, evidence });
}

/** Finds the policy of a request; undefined stands for `usual`. */
function policyLookup(
  { clock, random }: Pick<ClusterNode, 'clock' | 'random'>,
  config: FleetConfig,
  usual: string | RoutingPolicy,
): (policy: string | RoutingPolicy | undefined) => RoutingPolicy {
  const policies = new RoutingPolicies({ clock, random, config });
  const find = (policy: string | RoutingPolicy): RoutingPolicy =>
    typeof policy === 'string' ? policies.get(policy) : policy;
  const usualPolicy = find(usual);
  return (policy) => (policy === undefined ? usualPolicy : find(policy));
}

function createRecord(
  call: PendingCall,
  { request, policy, adopts }: Pick<CallRecord, 'request' | 'policy' | 'adopts'>,
  config: FleetConfig,
  nowMs: number,
): CallRecord {
  const { tenant = 'default', priority = 0, keepMs = 0 } = request;
  // A kept request that waits at several instances could not be found by another client.
  const { maxPlaces = config.maxPlaces } = keepMs > 0 ? { maxPlaces: 1 } : request;
  const { timeoutMs = config.requestTimeoutMs } = request;
  const model = modelKey(request.model);
  return {
    call,
    request,
    routed: routedRequest({ model, tenant, priority }, request.body),
    policy,
    adopts,
    maxPlaces,
    model,
    startedAtMs: nowMs,
    deadlineAtMs: timeoutMs === 0 ? Number.POSITIVE_INFINITY : nowMs + timeoutMs,
    session: undefined,
    cancelled: undefined,
    waiting: false,
    queued: false,
    servedBy: undefined,
  };
}

function whyRefused(
  request: FleetRequest,
  signal: AbortSignal,
  stopping: boolean,
  active: number,
  { maxCalls }: FleetConfig,
): FleetError | undefined {
  if (signal.aborted) return callError('cancelled', 'the caller aborted', request);
  if (stopping) return callError('cancelled', 'the fleet client was stopped', request);
  if (active < maxCalls) return undefined;
  return callError('queue-full', `${active} calls are running here; ${maxCalls} is the most`, request, 1_000);
}
