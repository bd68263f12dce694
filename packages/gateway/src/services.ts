import type { ClusterNode, GroupLeaders, Memory, Queues, StoreReports } from '@drover/actor-core/cluster';
import type { AgentsClient } from '@drover/agents';
import type { AdminJobs, EventFeed, EventPublisher, FleetClient } from '@drover/fleet';
import type { ClusterSettings } from './cluster-settings.ts';
import type { GatewayAudit } from './audit/gateway-audit.ts';
import type { GatewayConfig } from './config.ts';
import type { BodyBudget } from './http/body.ts';
import type { RouteMatch } from './http/router.ts';
import type { Tokens } from './keys/tokens.ts';
import type { KeyAdmin } from './keys/key-admin.ts';
import type { CallerLimits } from './limits/caller-limits.ts';
import type { UsageLedger } from './usage/usage-ledger.ts';
import type { UsageStore } from './usage/usage-store.ts';
import type { Drain } from './http/drain.ts';
import type { KeptRecords } from './keeping/kept-records.ts';
import type { KeptStreams } from './keeping/kept-streams.ts';
import type { ClientWait } from './observe/client-wait.ts';
import type { GatewayMetrics } from './observe/gateway-metrics.ts';
import type { MemberChanges } from './observe/member-changes.ts';
import type { RemedyLog } from './observe/remedy-log.ts';
import type { RefusalLog } from './observe/refusal-log.ts';
import type { UnknownModels } from './pulling/unknown-models.ts';
import type { TlsKeeper } from './tls/tls-keeper.ts';

/** What the routes of one gateway share. */
export interface GatewayServices {
  readonly node: ClusterNode;
  readonly fleet: FleetClient;
  readonly adminJobs: AdminJobs;
  readonly agents: AgentsClient;
  readonly memory: Memory;
  readonly queues: Queues;
  /** The leaders of all groups, as this gateway hears them. */
  readonly leaders: GroupLeaders;
  /** What the hosts report about their records. */
  readonly stores: StoreReports;
  /** How often each node was lost and started anew of late. */
  readonly changes: MemberChanges;
  readonly metrics: GatewayMetrics;
  readonly clientWait: ClientWait;
  readonly refusals: RefusalLog;
  readonly remedies: RemedyLog;
  /** Publishes the events of this gateway. */
  readonly events: EventPublisher;
  /** The events of the cluster. */
  readonly eventFeed: EventFeed;
  readonly config: GatewayConfig;
  /** The certificate that is served; undefined for plain HTTP. */
  readonly tls: TlsKeeper | undefined;
  /** Undefined for a gateway without such settings: it has no routes for them. */
  readonly settings: ClusterSettings | undefined;
  /** Undefined for a gateway without keys: it serves everyone and has no routes for keys. */
  readonly keys: KeyAdmin | undefined;
  /** Undefined where no issuer of tokens is set. */
  readonly tokens: Tokens | undefined;
  /** Undefined for a gateway that records nothing: it has no routes for the records. */
  readonly audit: GatewayAudit | undefined;
  /** The route of a request, for explanations. */
  readonly routeOf: (method: string, path: string) => RouteMatch;
  readonly bodies: BodyBudget;
  readonly drain: Drain;
  /** What keys and tenants may ask of models. */
  readonly limits: CallerLimits;
  /** What requests used: the part that this gateway counts, and all of it. */
  readonly usage: { readonly ledger: UsageLedger; readonly store: UsageStore };
  /** Has models pulled that requests name and no host has. */
  readonly unknownModels: UnknownModels;
  /** Request ids in use, and answers for clients that come back. */
  readonly kept: KeptStreams;
  /** The kept answers of all gateways. */
  readonly keptRecords: KeptRecords;
}
