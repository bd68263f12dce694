import { type ActorRef, props, receive, setup } from '@drover/actor-core';
import type { ClusterNode, MemberEvidence } from '@drover/actor-core/cluster';
import { type FleetConfig, resolveConfig } from '../config.ts';
import { FleetError } from '../errors.ts';
import { createLoadTable } from '../load/live-load-table.ts';
import { type InstanceEvidence, instanceKey } from '../load/load-table.ts';
import { modelKey } from '../protocol/model-name.ts';
import { RoutingPolicies } from '../routing/policies.ts';
import { routedRequest } from '../routing/routed-request.ts';
import { HealthTable } from '../health/health-table.ts';
import type { RoutingPolicy } from '../routing/routing-policy.ts';
import { Catalogues } from './catalogues.ts';
import { DecisionLog } from './decision-log.ts';
import type { FleetCall, FleetClient, FleetRequest } from './fleet-client.ts';
import { PendingCall } from './pending-call.ts';
import type { CallRecord, SessionShared } from './call-record.ts';
import { RetryBudget } from './retry-budget.ts';
import { sessionProps } from './session.ts';
import type { SessionInput } from './session-input.ts';

export interface FleetClientOptions {
  readonly config?: Partial<FleetConfig>;
  /** For requests without their own: one of `routingPolicyNames`, or a policy. @default 'loaded-first' */
  readonly policy?: string | RoutingPolicy;
}

const control = { lane: 'control' } as const;

/**
 * Makes the client of the fleet for one node. `stop` it before the node leaves.
 *
 * @throws InvalidArgumentError naming a setting that is unknown, out of range or contradicts another
 */
export function createFleetClient(node: ClusterNode, options: FleetClientOptions = {}): FleetClient {
  const config = resolveConfig(options.config);
  const health = new HealthTable(config, node.clock, node.random);
  const load = createLoadTable(node, config, (report) => health.reported(report));
  const policies = new RoutingPolicies({ clock: node.clock, random: node.random, config });
  const policyOf = (policy: string | RoutingPolicy): RoutingPolicy =>
    typeof policy === 'string' ? policies.get(policy) : policy;
  const usualPolicy = policyOf(options.policy ?? 'loaded-first');
  const decisions = new DecisionLog(node.clock);
  const retries = new RetryBudget(config, node.clock.now());
  const shared: SessionShared = {
    node,
    config,
    load,
    health,
    retries,
    decisions,
    partial: { units: 0 },
  };
  const calls = new Set<CallRecord>();
  const catalogues = new Catalogues(node, load, config);
  const sessions = node.system.spawn(sessionsProps(shared), `fleet-sessions-${node.random.id().slice(0, 8)}`);
  let stopping = false;
  let serving = '';

  const unsubscribeBus = node.transport.onConnectionChange((connected) => {
    for (const record of calls) tell(record, { kind: 'bus', connected });
  });
  const unsubscribeLoad = load.onChange(() => {
    const before = serving;
    serving = servingKeys(load.instances());
    for (const record of calls)
      if (record.waiting || (record.queued && serving !== before)) tell(record, { kind: 'load-changed' });
  });
  const unsubscribePresence = node.presence.onChange((member) => {
    for (const record of calls) {
      const served = record.servedBy;
      if (served === undefined || served.node !== member.node) continue;
      const why = whyGone(member, served.incarnation);
      if (why !== undefined) tell(record, { kind: 'host-gone', node: member.node, message: why });
    }
  });

  const run = (request: FleetRequest, signal: AbortSignal): FleetCall => {
    const startedAtMs = node.clock.now();
    const cancel = (reason: string): void => {
      if (record.session === undefined) record.cancelled ??= reason;
      else tell(record, { kind: 'cancel', reason });
    };
    const onAbort = (): void => cancel('the caller aborted');
    const call = new PendingCall({
      taken: (count) => tell(record, { kind: 'taken', count }),
      cancel,
      ended: () => {
        calls.delete(record);
        signal.removeEventListener('abort', onAbort);
      },
    });
    const { tenant = 'default', priority = 0, maxPlaces = config.maxPlaces } = request;
    const model = modelKey(request.model);
    const record: CallRecord = {
      call,
      request,
      routed: routedRequest({ model, tenant, priority }, request.body),
      policy: request.policy === undefined ? usualPolicy : policyOf(request.policy),
      maxPlaces,
      model,
      startedAtMs,
      deadlineAtMs: deadlineAtMs(startedAtMs, request.timeoutMs ?? config.requestTimeoutMs),
      session: undefined,
      cancelled: undefined,
      waiting: false,
      queued: false,
      servedBy: undefined,
    };
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
    unsubscribeBus();
    unsubscribeLoad();
    unsubscribePresence();
    for (const { call, request } of calls) call.finish(failure('cancelled', reason, request));
    load.stop();
    health.clear();
    decisions.clear();
    catalogues.clear();
  };
  const stop = (): Promise<void> => {
    stopping = true;
    stopped ??= node.system.stop(sessions).then(() => close('the fleet client was stopped'));
    return stopped;
  };
  // Without its actors nobody would answer the calls that run, nor those to come.
  void node.system.terminated.then(() => close('the node stopped'));

  return {
    load,
    run,
    describe: (describeOptions) =>
      catalogues.describe({
        timeoutMs: describeOptions?.timeoutMs ?? config.describeTimeoutMs,
        fresh: describeOptions?.fresh === true,
      }),
    why: (requestId) => decisions.find(requestId),
    get active() {
      return calls.size;
    },
    stop,
  };
}

function deadlineAtMs(startedAtMs: number, timeoutMs: number): number {
  return timeoutMs === 0 ? Number.POSITIVE_INFINITY : startedAtMs + timeoutMs;
}

/** Changes when an instance begins or ceases to serve, or lists other models. */
function servingKeys(instances: readonly InstanceEvidence[]): string {
  const ready = instances.filter(({ alive, load }) => alive && load.state === 'ready');
  return ready.map((evidence) => `${instanceKey(evidence)} ${evidence.load.catalogueRevision}`).join();
}

function tell({ session }: CallRecord, message: SessionInput): void {
  session?.tell(message, control);
}

type SessionsMessage = { readonly kind: 'run'; readonly record: CallRecord };

/** The supervisor of a client's sessions. */
function sessionsProps(shared: SessionShared) {
  return props<SessionsMessage>(
    () =>
      setup((context) => {
        const running = new Map<ActorRef<never>, CallRecord>();
        return receive<SessionsMessage>(
          ({ record }) => {
            const session = context.spawn(sessionProps(shared, record));
            record.session = session;
            running.set(session, record);
            context.watch(session);
          },
          (signal) => {
            if (signal.type !== 'terminated') return;
            const record = running.get(signal.ref);
            running.delete(signal.ref);
            // Only a killed session leaves its caller without a word.
            record?.call.finish(failure('cancelled', 'the session was killed', record.request));
          },
        );
      }),
    { restart: 'permanent', supervision: { dynamic: true }, mailbox: { capacity: shared.config.maxCalls } },
  );
}

/** Undefined while that life may go on: of a node that is only unreachable the stream's own silence decides. */
function whyGone({ node, state, incarnation }: MemberEvidence, served: number): string | undefined {
  if (incarnation > served) return `${node} was restarted`;
  return state === 'left' ? `${node} left the cluster` : undefined;
}

function whyRefused(
  request: FleetRequest,
  signal: AbortSignal,
  stopping: boolean,
  active: number,
  config: FleetConfig,
): FleetError | undefined {
  if (signal.aborted) return failure('cancelled', 'the caller aborted', request);
  if (stopping) return failure('cancelled', 'the fleet client was stopped', request);
  if (active < config.maxCalls) return undefined;
  return failure(
    'queue-full',
    `${active} calls are running here; ${config.maxCalls} is the most`,
    request,
    1_000,
  );
}

function failure(
  code: FleetError['code'],
  message: string,
  { requestId, model }: FleetRequest,
  retryAfterMs = 0,
): FleetError {
  return new FleetError(code, message, { requestId, model, retryAfterMs });
}
