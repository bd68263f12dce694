import { CommandError, exitCodes } from '../errors.ts';
import type { GatewayAddress } from './gateway-address.ts';

/** The answer of `GET /api/v1/status`: the fields that the commands use. */
export interface StatusReport {
  readonly nodes: readonly NodeStatus[];
  /** Fault of the leader's store; absent while no fault is known. */
  readonly store?: { readonly code: string; readonly message: string; readonly evidenceAgeMs: number };
  /** The members by the word of the control leader; absent while the gateway has received none. */
  readonly view?: { readonly epoch: number; readonly members: readonly ViewMember[] };
  /** Groups of the control plane; absent in the answer of a gateway of 0.3.0. */
  readonly groups?: readonly GroupStatus[];
  /** Time by which the gateway is behind the changes of the memory; null before it was open, absent in 0.3.0. */
  readonly memoryLagMs?: number | null;
  /** What a confirmed write survives. */
  readonly durability?: string;
  /** What the hosts report about their records. */
  readonly stores?: readonly StoreReportStatus[];
  /** The certificate of the gateway; absent for plain HTTP. */
  readonly tls?: TlsStatus;
  /** The audit chain of the gateway that answers; absent where it records nothing. */
  readonly audit?: {
    readonly chain: string;
    readonly isOpen: boolean;
    readonly waiting: number;
    readonly lost: number;
    readonly failing?: { readonly forMs: number; readonly reason: string };
    readonly damage?: string;
  };
}

export interface TlsStatus {
  readonly subject: string;
  readonly expiresAt: string;
  /** Why the files as they are now are not served. */
  readonly problem?: string;
}

export interface StoreReportStatus {
  readonly node: string;
  readonly wantedReplicas: number;
  /** Logs with fewer copies than wanted. */
  readonly thinLogs: readonly { readonly name: string; readonly replicas: number; readonly copies: number }[];
  /** Journals whose stored data was not accepted; at most 32 of `quarantinedCount`. */
  readonly quarantined: readonly {
    readonly subject: string;
    readonly reason: string;
    readonly detail: string;
  }[];
  readonly quarantinedCount: number;
  readonly evidenceAgeMs: number;
}

export interface ViewMember {
  readonly id: string;
  readonly incarnation: number;
  /** `up` · `draining` · `leaving` · `left` · `dead`. */
  readonly state: string;
  readonly version?: string;
}

export interface GroupStatus {
  readonly name: string;
  readonly leader?: string;
  readonly term?: number;
  readonly fence?: number;
  readonly state: string;
}

export interface NodeStatus {
  readonly id: string;
  readonly role: string;
  readonly pid: number;
  readonly state: string;
  readonly incarnation: number;
  readonly evidenceAgeMs: number;
  readonly evidenceSource: string;
  /** Another process that announces itself under the id of the node, in an older incarnation. */
  readonly rival?: { readonly pid: number; readonly ageMs: number };
  /** Times that the node was lost, and came with a new incarnation, in the last ten minutes. */
  readonly changes?: { readonly lost: number; readonly restarted: number };
  readonly models?: readonly ModelStatus[];
  /** The Ollama servers behind a node-agent. */
  readonly instances?: readonly InstanceStatus[];
}

export interface InstanceStatus {
  readonly name?: string;
  readonly state: string;
  /** Reason why the instance is not ready. */
  readonly reason?: string;
  /** Models that the instance refuses although it answers probes. */
  readonly refusals?: readonly RefusalStatus[];
}

export interface RefusalStatus {
  /** Absent if every model is refused. */
  readonly model?: string;
  readonly reason: string;
  readonly inRow: number;
  readonly ageMs: number;
}

export interface ModelStatus {
  readonly name: string;
  /** Digests of the copies that the node has under this name. */
  readonly digests?: readonly string[];
  readonly loaded: boolean;
  readonly slots: number;
  readonly busy: number;
  readonly queued: number;
}

/** Checks that an answer is the status of a gateway. @throws CommandError `gateway-unreachable` for any other answer */
export function asStatus(answer: unknown, { url, origin }: GatewayAddress): StatusReport {
  if (typeof answer === 'object' && answer !== null && Array.isArray((answer as StatusReport).nodes))
    return answer as StatusReport;
  throw new CommandError(
    'gateway-unreachable',
    exitCodes.missing,
    `${url} (${origin}) answers, but not as a Drover gateway`,
    { fix: 'name the gateway with --url' },
  );
}
