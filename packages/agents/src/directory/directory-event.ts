import type { Random } from '@drover/actor-core';
import type {
  HostedAgent,
  HostStamp,
  DirectoryAnswer,
  RunReport,
  SpawnSpec,
} from '../protocol/directory-message.ts';
import type { Order } from '../protocol/manager-message.ts';
import type { AgentRecord } from './agent-record.ts';
import type { RunRecord } from './run-record.ts';

/** A host as presence sees it. */
export interface HostSeen {
  readonly node: string;
  readonly incarnation: number;
  readonly alive: boolean;
}

/**
 * What the directory decides on. `R` is where answers go; the core only hands it on.
 * Ids are made by the shell, so that the same events give the same effects.
 */
export type DirectoryEvent<R> =
  | { readonly type: 'tick'; readonly hosts: readonly HostSeen[] }
  /** `model` is what the fleet offers for the spec now, '' if nothing is known. */
  | {
      readonly type: 'spawn';
      readonly id: string;
      readonly key: string;
      readonly spec: SpawnSpec;
      readonly model: string;
      readonly waitMs: number;
      readonly replyTo: R;
    }
  | { readonly type: 'list'; readonly after: string; readonly replyTo: R }
  | { readonly type: 'get'; readonly id: string; readonly replyTo: R }
  | { readonly type: 'stop'; readonly id: string; readonly replyTo: R }
  | {
      readonly type: 'submit';
      readonly id: string;
      readonly runId: string;
      readonly input: string;
      readonly timeoutMs: number;
      readonly replyTo: R;
    }
  | { readonly type: 'run'; readonly runId: string; readonly replyTo: R }
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
      readonly survey: number;
      readonly page: number;
      readonly pages: number;
      readonly agents: readonly HostedAgent[];
    } & HostStamp)
  | ({ readonly type: 'states'; readonly agents: readonly Omit<HostedAgent, 'runs'>[] } & HostStamp)
  /** `from` is the host whose outbox repeats it until it hears `recorded`. */
  | { readonly type: 'settle'; readonly run: RunReport; readonly from: string | undefined }
  /** The write of that number is durable. */
  | { readonly type: 'written'; readonly write: number };

/** What is to be done, in this order. */
export type DirectoryEffect<R> =
  /** Durable, fenced, one after another; reported back as `written`. */
  | { readonly type: 'write-agent'; readonly write: number; readonly record: AgentRecord }
  | { readonly type: 'write-run'; readonly write: number; readonly record: RunRecord }
  | { readonly type: 'order'; readonly node: string; readonly order: Order }
  | { readonly type: 'answer'; readonly to: R; readonly answer: DirectoryAnswer }
  /** Answer with the settled run's record. */
  | { readonly type: 'read-run'; readonly slot: number; readonly runId: string; readonly to: R }
  | {
      readonly type: 'note';
      readonly level: 'info' | 'warn';
      readonly fields: object;
      readonly message: string;
    };

/** Facts of the moment that decisions may use. */
export interface Moment {
  readonly nowMs: number;
  readonly wallMs: number;
  readonly random: Random;
}
