import type { ActorRef } from '@drover/actor-core';
import type { ClusterNode } from '@drover/actor-core/cluster';
import type { FleetConfig } from '../config.ts';
import type { InstanceEvidence } from '../load/load-table.ts';
import type { LiveLoadTable } from '../load/live-load-table.ts';
import type { HealthTable } from '../health/health-table.ts';
import type { RoutedRequest } from '../routing/routed-request.ts';
import type { RoutingPolicy } from '../routing/routing-policy.ts';
import type { PrincipalSigner } from '../signing/principal-signer.ts';
import type { DecisionLog } from './decision-log.ts';
import type { FleetRequest } from './fleet-client.ts';
import type { PendingCall } from './pending-call.ts';
import type { RetryBudget } from './retry-budget.ts';
import type { SessionInput } from './session-input.ts';

/** Shared state of all sessions of a client. */
export interface SessionShared {
  readonly node: ClusterNode;
  readonly config: FleetConfig;
  readonly load: LiveLoadTable;
  /** Health evidence from the hosts' answers. */
  readonly health: HealthTable;
  readonly retries: RetryBudget;
  readonly decisions: DecisionLog;
  /** Undefined: requests are sent without a signature. */
  readonly signer: PrincipalSigner | undefined;
  /** Size of the incomplete long lines of all sessions, in UTF-16 units. */
  readonly partial: { units: number };
}

/** Where a kept stream is. */
export interface KeptPlace {
  readonly evidence: InstanceEvidence;
  readonly streamId: string;
}

/** State of one call that its session and its client share. */
export interface CallRecord {
  readonly call: PendingCall;
  readonly request: FleetRequest;
  /** The request in the form that a routing policy gets. */
  readonly routed: RoutedRequest;
  readonly policy: RoutingPolicy;
  /** Largest number of instances at which the request may wait at once. */
  readonly maxPlaces: number;
  /** `modelKey` of the requested model. */
  readonly model: string;
  /** The stream to adopt, instead of opening one. */
  readonly adopts: KeptPlace | undefined;
  readonly startedAtMs: number;
  readonly deadlineAtMs: number;
  session: ActorRef<SessionInput> | undefined;
  /** Reason of a cancel before the session was started. */
  cancelled: string | undefined;
  /** True while the session waits for the bus or a load report. */
  waiting: boolean;
  /** True when the current attempt waits for a slot, by its last message. */
  queued: boolean;
  /** Node of the current attempt. */
  servedBy: { readonly node: string; readonly incarnation: number } | undefined;
}
