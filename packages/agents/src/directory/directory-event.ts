import type { Random, Remedy } from '@drover/actor-core';
import type { RequestPrincipal } from '@drover/fleet';
import type { DirectoryAnswer } from '../protocol/directory-answer.ts';
import type { SpawnSpec } from '../protocol/directory-request.ts';
import type { HostedAgent, HostStamp, OwnedAgent, RunReport } from '../protocol/host-report.ts';
import type { Order } from '../protocol/manager-message.ts';
import type { AgentRecord } from './agent-record.ts';
import type { HostSeen } from './host-table.ts';
import type { RunRecord } from './run-record.ts';

/** The tenant of the asker; absent: agents and runs of all tenants exist for it. */
interface OfTenant {
  readonly tenant?: string | undefined;
}

/**
 * Input of the directory's decisions. `R` is the receiver of answers and is only passed on. The directory actor creates
 * the ids, so that the same events always give the same effects.
 */
export type DirectoryEvent<R> =
  | { readonly type: 'tick'; readonly hosts: readonly HostSeen[] }
  /** `model`: chosen from the models that the fleet offers now; '' if none is known. */
  | {
      readonly type: 'spawn';
      readonly id: string;
      readonly key: string;
      readonly spec: SpawnSpec;
      readonly model: string;
      readonly waitMs: number;
      readonly leftMs?: number | undefined;
      readonly replyTo: R;
    }
  /** A repeated spawn was answered with the trouble of the store: its asker has given up. */
  | { readonly type: 'spawn-refused'; readonly key: string }
  | ({ readonly type: 'list'; readonly after: string; readonly replyTo: R } & OfTenant)
  | ({ readonly type: 'get'; readonly id: string; readonly replyTo: R } & OfTenant)
  | ({ readonly type: 'stop'; readonly id: string; readonly replyTo: R } & OfTenant)
  | ({ readonly type: 'metrics'; readonly id: string; readonly replyTo: R } & OfTenant)
  | ({
      readonly type: 'submit';
      readonly id: string;
      readonly runId: string;
      readonly input: string;
      readonly timeoutMs: number;
      /** Who gives the run, verified. */
      readonly principal?: RequestPrincipal | undefined;
      readonly replyTo: R;
    } & OfTenant)
  | ({ readonly type: 'run'; readonly runId: string; readonly replyTo: R } & OfTenant)
  | ({ readonly type: 'owned'; readonly agents: readonly OwnedAgent[] } & HostStamp)
  | ({ readonly type: 'ended'; readonly id: string; readonly incarnation: number } & HostStamp)
  | ({ readonly type: 'activated'; readonly id: string; readonly incarnation: number } & HostStamp)
  | ({
      readonly type: 'not-activated';
      readonly id: string;
      readonly incarnation: number;
      readonly reason: string;
    } & HostStamp)
  | ({ readonly type: 'dispatched'; readonly runId: string } & HostStamp)
  | ({
      readonly type: 'inventory';
      readonly agents: readonly HostedAgent[];
    } & HostStamp)
  | ({ readonly type: 'states'; readonly agents: readonly Omit<HostedAgent, 'runs'>[] } & HostStamp)
  /** `from`: the host whose outbox repeats the report until it receives `recorded`. */
  | { readonly type: 'settle'; readonly run: RunReport; readonly from: string | undefined }
  /** The write with the number `write` is durable. */
  | { readonly type: 'written'; readonly write: number };

/** Output of the directory's decisions, to be performed in order. */
export type DirectoryEffect<R> =
  /** A fenced write; `written` reports that it is durable. */
  | { readonly type: 'write-agent'; readonly write: number; readonly record: AgentRecord }
  | { readonly type: 'write-run'; readonly write: number; readonly record: RunRecord }
  /** The entity of the agent is to be active. */
  | { readonly type: 'start'; readonly id: string }
  | { readonly type: 'order'; readonly node: string; readonly order: Order }
  | { readonly type: 'answer'; readonly to: R; readonly answer: DirectoryAnswer }
  /** Answer with the record of an ended run. */
  | { readonly type: 'read-run'; readonly slot: number; readonly runId: string; readonly to: R }
  /** What was done about a lost agent, for everybody who looks at the cluster. */
  | { readonly type: 'remedy'; readonly remedy: Remedy }
  | {
      readonly type: 'note';
      readonly level: 'info' | 'warn';
      readonly fields: object;
      readonly message: string;
    };

/** Time and randomness for one decision. */
export interface Moment {
  readonly nowMs: number;
  readonly wallMs: number;
  readonly random: Random;
}
