import { hostname, networkInterfaces } from 'node:os';
import { createLiveConfig } from '@drover/actor-core';
import {
  type ClusterNode,
  followLeaders,
  followStoreReports,
  type Memory,
  type MemoryOptions,
  type Queues,
  startMemory,
  startQueues,
} from '@drover/actor-core/cluster';
import type { AgentsClient } from '@drover/agents';
import {
  createFleetClient,
  type FleetClient,
  type FleetConfig,
  followAdminJobs,
  followEvents,
  publishDataEvents,
  publishRemedyEvents,
  startEventPublisher,
} from '@drover/fleet';
import { noTracer, type Tracer } from '@drover/telemetry';
import type { ClusterSettings } from './cluster-settings.ts';
import { type GatewayConfig, liveFields, resolveConfig } from './config.ts';
import type { AuditHead } from './audit/audit-chain.ts';
import type { AuditSigner } from './audit/audit-key.ts';
import { GatewayAudit } from './audit/gateway-audit.ts';
import * as dialects from './dialects.ts';
import { RequestFailure } from './errors.ts';
import { failureOf } from './failure.ts';
import type { GrpcServer } from './grpc/grpc-server.ts';
import { CallerLimits } from './limits/caller-limits.ts';
import { openQuotaJournal } from './quota/quota-journal.ts';
import { Quotas } from './quota/quotas.ts';
import { UnknownModels } from './pulling/unknown-models.ts';
import { Budgets } from './usage/budgets.ts';
import { openUsageLedger } from './usage/open-usage-ledger.ts';
import { UsageStore } from './usage/usage-store.ts';
import { isLoopback, type Machine } from './http/allowed-host.ts';
import { BodyBudget } from './http/body.ts';
import { Dispatcher } from './http/dispatcher.ts';
import { Drain } from './http/drain.ts';
import { serveKept } from './keeping/kept-actor.ts';
import { KeptRecords } from './keeping/kept-records.ts';
import { KeptStreams } from './keeping/kept-streams.ts';
import { listen, type TlsOptions } from './http/http-server.ts';
import { TlsKeeper } from './tls/tls-keeper.ts';
import { Router } from './http/router.ts';
import { Door } from './keys/door.ts';
import { TokenVerifier } from './oidc/token-verifier.ts';
import type { FollowedKeys } from './keys/follow-keys.ts';
import { KeyAdmin } from './keys/key-admin.ts';
import { openAccessLog } from './observe/access-log.ts';
import { ClientWait } from './observe/client-wait.ts';
import { createMetrics } from './observe/gateway-metrics.ts';
import { MemberChanges } from './observe/member-changes.ts';
import { RemedyLog } from './observe/remedy-log.ts';
import { RequestObserver } from './observe/request-observer.ts';
import { RefusalLog } from './observe/refusal-log.ts';
import type { GatewayServices } from './services.ts';

export interface GatewayOptions extends Partial<GatewayConfig> {
  readonly agents: AgentsClient;
  /** Settings of the fleet client that the gateway creates. */
  readonly fleetConfig?: Partial<FleetConfig>;
  /** Serves the routes under `/api/v1/settings`. @default there are none */
  readonly clusterSettings?: ClusterSettings;
  /** The keys of the cluster: requests are let in by them. @default everyone may use every route */
  readonly keys?: FollowedKeys;
  /** Records the requests. The gateway does not stop it. @default records nothing */
  readonly tracer?: Tracer;
  /** Where the key and the head of the gateway's audit chain are kept. @default nothing is recorded */
  readonly auditFiles?: { readonly signer: AuditSigner; readonly head: AuditHead };
  /** A client that is given is not stopped with the gateway. @default `createFleetClient(node)` */
  readonly fleet?: FleetClient;
  /** Limits of the memory that the gateway starts. */
  readonly memoryOptions?: MemoryOptions;
  /** A memory that is given is not closed with the gateway. @default `startMemory(node, memoryOptions)` */
  readonly memory?: Memory;
  /** Queues that are given are not closed with the gateway. @default `startQueues(node)` */
  readonly queues?: Queues;
}

export interface Gateway {
  readonly url: string;
  readonly port: number;
  /** Where gRPC is served, for example `127.0.0.1:50051`; undefined without it. */
  readonly grpcAddress: string | undefined;
  /** Refuses new requests from now on, with 503. Running ones go on. */
  refuseNew(): void;
  /**
   * Accepts no new requests, lets running ones finish for `drainTimeoutMs`, then ends them with the error frame of
   * their dialect and closes.
   */
  stop(options?: { readonly drainTimeoutMs?: number }): Promise<void>;
  /**
   * Replaces the settings that were changed since the start. Settings of its fleet client are changed on that client.
   *
   * @throws InvalidArgumentError naming a setting that cannot change, or does not fit; nothing changes
   */
  reconfigure(changes: Partial<GatewayConfig>): void;
}

/**
 * Starts the HTTP server of the fleet: Ollama's and OpenAI's dialects and Drover's own routes over one cluster node.
 *
 * @throws InvalidArgumentError naming the setting; ListenError if the address is not available
 */
export async function startGateway(node: ClusterNode, options: GatewayOptions): Promise<Gateway> {
  const {
    agents,
    fleet: given,
    memory: givenMemory,
    memoryOptions = {},
    queues: givenQueues,
    fleetConfig = {},
    clusterSettings,
    keys,
    tracer = noTracer,
    auditFiles,
    ...settings
  } = options;
  const live = createLiveConfig(resolveConfig, settings, liveFields);
  const config = live.current;
  const tls = await openTls(config, node);
  const fleet = given ?? createFleetClient(node, { config: fleetConfig });
  const memory = givenMemory ?? startMemory(node, memoryOptions);
  const queues = givenQueues ?? startQueues(node);
  const quotas = createQuotas(node);
  const events = startEventPublisher(node);
  const adminJobs = followAdminJobs(node, events);
  const eventFeed = followEvents(node);
  const endRemedies = publishRemedyEvents(node, events);
  const endData = publishDataEvents(node, { memory, queues }, events);
  const audit = auditFiles && openAudit(node, config, auditFiles);
  const tokens = keys && openTokens(config, node);
  const services = createServices({
    quotas,
    audit,
    adminJobs,
    events,
    eventFeed,
    node,
    fleet,
    agents,
    memory,
    queues,
    config,
    tls: tls?.keeper,
    settings: clusterSettings,
    keys: keys && new KeyAdmin(keys, node.clock),
    tokens,
    routeOf: (method, path) => router.match(method, path),
  });
  const router: Router = new Router(Object.values(dialects).map((create) => create(services)));
  const keptActor = serveKept(node, services.kept);
  const accessLog = openAccessLog(config.accessLog, node.log);
  const dispatcher = new Dispatcher({
    observer: new RequestObserver({ tracer, accessLog, clock: node.clock }),
    clock: node.clock,
    random: node.random,
    log: node.log,
    config,
    router,
    drain: services.drain,
    door: keys && doorOf(keys, config, { clock: node.clock, tokens }),
    auditor: audit?.auditor,
    machine: thisMachine(),
    failureOf,
  });
  const release = async (): Promise<void> => {
    tls?.keeper.stop();
    tokens?.close();
    services.metrics.stop();
    accessLog?.close();
    services.unknownModels.close();
    services.refusals.stop();
    services.remedies.stop();
    services.leaders.close();
    services.stores.close();
    services.changes.stop();
    adminJobs.close();
    endRemedies();
    endData();
    eventFeed.close();
    await events.close();
    services.kept.close();
    await quotas.close();
    await services.usage.ledger.close();
    await node.system.stop(keptActor);
    await audit?.close();
    if (!givenMemory) memory.close();
    if (!givenQueues) queues.close();
    if (!given) await fleet.stop();
  };
  const server = await listen(config, node.clock, {
    tls,
    log: node.log,
    handler: (request, response, certificate) => dispatcher.dispatch(request, response, certificate),
    exchanges: dispatcher.exchanges,
    allowOf: (method, target) => router.allowOf(method, target),
    freeConnection: () => dispatcher.limit.endSlowestBody(),
  }).catch(async (error: unknown) => {
    await release();
    throw error;
  });
  const grpc = await startGrpc(config, dispatcher, node, tls).catch(async (error: unknown) => {
    await server.close();
    await release();
    throw error;
  });
  services.clientWait.start(server.url, tls?.keeper);
  node.log.info({ url: server.url }, 'the gateway listens');

  let stopping: Promise<void> | undefined;
  const refuseNew = (): void => {
    services.drain.begin();
    services.clientWait.stop();
    server.refuseNew();
    grpc?.refuseNew();
  };
  const stop = async (drainTimeoutMs: number): Promise<void> => {
    refuseNew();
    const failure = new RequestFailure(503, 'gateway-stopping', 'the gateway is stopping');
    await services.drain.settle(drainTimeoutMs, failure);
    grpc?.close();
    await server.close();
    await release();
  };
  return {
    reconfigure: (changes) => live.apply(changes),
    url: server.url,
    port: server.port,
    grpcAddress: grpc?.address,
    refuseNew,
    stop: async ({ drainTimeoutMs = config.drainTimeoutMs } = {}): Promise<void> => {
      stopping ??= stop(drainTimeoutMs);
      await stopping;
    },
  };
}

async function startGrpc(
  { grpcPort, host, maxBodyBytes, headersTimeoutMs }: GatewayConfig,
  dispatcher: Dispatcher,
  { clock, log }: ClusterNode,
  tls: TlsOptions | undefined,
): Promise<GrpcServer | undefined> {
  if (grpcPort === undefined) return undefined;
  // A gateway without gRPC does not load its library.
  const { startGrpcServer } = await import('./grpc/grpc-server.ts');
  return startGrpcServer({
    host,
    port: grpcPort,
    handler: (request, response, certificate) => dispatcher.dispatch(request, response, certificate),
    tls,
    handshakeTimeoutMs: headersTimeoutMs,
    clock,
    maxMessageBytes: maxBodyBytes,
    log,
  });
}

function createServices(
  given: Pick<
    GatewayServices,
    | 'adminJobs'
    | 'events'
    | 'eventFeed'
    | 'audit'
    | 'node'
    | 'fleet'
    | 'agents'
    | 'memory'
    | 'queues'
    | 'config'
    | 'settings'
    | 'tls'
    | 'keys'
    | 'tokens'
    | 'routeOf'
  > & { readonly quotas: Quotas },
): GatewayServices {
  const { quotas, ...services } = given;
  const { node, fleet, memory, queues, config } = services;
  const clientWait = new ClientWait(node.clock);
  const leaders = followLeaders(node);
  const stores = followStoreReports(node);
  const metrics = createMetrics({ node, fleet, memory, queues, leaders, stores, clientWait });
  metrics.followQuotas(() => quotas.stats);
  const { audit } = services;
  if (audit !== undefined) metrics.followAudit(() => audit.status);
  const usage = createUsage(node);
  const budgets = new Budgets({ ...usage, clock: node.clock, log: node.log });
  return {
    ...services,
    leaders,
    stores,
    changes: new MemberChanges(node.presence, node.clock),
    clientWait,
    metrics,
    remedies: new RemedyLog(node, ({ action }) => metrics.countRemedy(action)),
    refusals: new RefusalLog(node.clock, node.log),
    bodies: new BodyBudget(config),
    drain: new Drain(node.clock),
    usage,
    limits: new CallerLimits({
      quotas,
      budgets,
      config,
      clock: node.clock,
      observe: (event) => metrics.limited(event),
    }),
    unknownModels: new UnknownModels({
      adminJobs: services.adminJobs,
      load: fleet.load,
      config,
      clock: node.clock,
      log: node.log,
    }),
    kept: new KeptStreams(node.clock),
    keptRecords: new KeptRecords(node),
  };
}

function createUsage(node: ClusterNode): GatewayServices['usage'] {
  return { store: new UsageStore(node.storage, node.subjects), ledger: openUsageLedger(node) };
}

function createQuotas(node: ClusterNode): Quotas {
  return new Quotas({
    clock: node.clock,
    gateways: () => countGateways(node),
    openJournal: (listener) => openQuotaJournal(node, listener),
  });
}

function countGateways({ presence }: ClusterNode): number {
  return presence.members().filter(({ roles, state }) => roles.includes('gateway') && state === 'alive')
    .length;
}

/** @throws InvalidArgumentError naming the setting of a file that cannot be read or does not fit */
async function openTls(config: GatewayConfig, { clock, log }: ClusterNode): Promise<TlsOptions | undefined> {
  if (config.tlsCert === '') return undefined;
  const { tlsCert, tlsKey, tlsCa, tlsClient } = config;
  const keeper = await TlsKeeper.start({ paths: { tlsCert, tlsKey, tlsCa }, clock, log });
  return { keeper, clients: tlsClient };
}

function doorOf(
  keys: FollowedKeys,
  { host, insecure, maxKeyAgeMs }: GatewayConfig,
  { clock, tokens }: Pick<ClusterNode, 'clock'> & { readonly tokens: TokenVerifier | undefined },
): Door {
  return new Door(keys, { servesAnyone: insecure || isLoopback(host), maxKeyAgeMs, tokens }, clock);
}

function openTokens(config: GatewayConfig, { clock, log }: ClusterNode): TokenVerifier | undefined {
  return config.oidcIssuer === '' ? undefined : new TokenVerifier({ config, clock, log });
}

function openAudit(
  node: ClusterNode,
  { audit: mode }: GatewayConfig,
  files: { readonly signer: AuditSigner; readonly head: AuditHead },
): GatewayAudit | undefined {
  return mode === 'off' ? undefined : new GatewayAudit(node, mode, files);
}

function thisMachine(): Machine {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return { name: hostname(), addresses: addresses.map(({ address }) => address) };
}
