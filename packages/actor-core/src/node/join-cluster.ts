import type { Clock } from '../clock.ts';
import { systemClock } from '../clock/system-clock.ts';
import { InvalidArgumentError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { IncarnationIssuer, requestIncarnation } from '../membership/incarnation-issuer.ts';
import { startPulse } from '../membership/pulse/pulse-thread.ts';
import { type MembershipProfile, profileOf } from '../membership/swim/swim-config.ts';
import { systemRandom } from '../random/system-random.ts';
import type { Random } from '../random.ts';
import { nodeScheduler } from '../scheduler/node-scheduler.ts';
import { type MemberMetadata, requireMetadata } from '../membership/member-metadata.ts';
import { jetStreamStorage } from '../storage/node-storage.ts';
import { connectNats } from '../transport/connect-nats.ts';
import type { HeaderTransport, Transport } from '../transport/transport.ts';
import type { Role } from '../transport/roles.ts';
import { createSubjects, requireToken, type Subjects } from '../transport/subjects.ts';
import { untilReachable } from './activation.ts';
import { type AssembledNode, assembleNode } from './assemble-node.ts';
import type { ClusterNode } from './cluster-node.ts';
import { requireFreeId } from './require-free-id.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const natsOptions = optionNames<JoinClusterOptions['nats']>({
  servers: true,
  creds: true,
  user: true,
  pass: true,
  connectTimeoutMs: true,
});
const joinOptions = optionNames<JoinClusterOptions>({
  nodeId: true,
  incarnation: true,
  roles: true,
  metadata: true,
  cell: true,
  nats: true,
  pid: true,
  log: true,
  clock: true,
  random: true,
  membership: true,
  replicas: true,
});

const defaultProfile: MembershipProfile = 'lan';
/** Longest time for the store to issue an incarnation. */
const issueMs = 2_000;
/** Starts of a node whose incarnation turns out to be too early. */
const maxStarts = 3;

/** Identity of a process in the cluster, and how it reaches NATS. */
export interface JoinClusterOptions {
  /** Name of this process in the cluster: `[a-z0-9_-]`, 64 characters at most. */
  readonly nodeId: string;
  /**
   * Number of this run of the process, larger than that of every earlier process with this `nodeId`.
   *
   * @default issued by the cluster, from its store; while the store is away, the wall clock in milliseconds
   */
  readonly incarnation?: number;
  /** Roles of the process; they decide its NATS permissions. */
  readonly roles: readonly Role[];
  /** What the process states about itself: version, zone, capacity. @default nothing */
  readonly metadata?: MemberMetadata;
  /** Name of the cluster on this NATS. */
  readonly cell: string;
  readonly nats: {
    /** `host:port` of one or more servers. */
    readonly servers: readonly string[] | string;
    /** Contents of a credentials file. */
    readonly creds?: string | undefined;
    readonly user?: string | undefined;
    readonly pass?: string | undefined;
    /** Longest time for the first connection, all attempts together. @default 10_000 */
    readonly connectTimeoutMs?: number | undefined;
  };
  /** Process id, shown to people who look for the process. */
  readonly pid: number;
  /** Times of the failure detector; all nodes should use the same. @default 'lan' */
  readonly membership?: MembershipProfile;
  /**
   * Servers that keep a copy of each log, at least: 1, 3 or 5. Logs that exist with fewer grow when this node ensures
   * them. @default 1
   */
  readonly replicas?: number;
  /** Log of the node. */
  readonly log: Logger;
  /** @default the clock of the process */
  readonly clock?: Clock;
  /** @default the randomness of the process */
  readonly random?: Random;
}

/**
 * Connects this process to the cluster. Resolves when the present members can reach it, or after a second. From then on
 * its address may be published in any way.
 *
 * @throws ConnectError when NATS cannot be reached in time, or refuses the credentials
 * @throws NodeIdTakenError when a running process uses the id
 * @throws InvalidArgumentError naming the invalid option
 */
export async function joinCluster(options: JoinClusterOptions): Promise<ClusterNode> {
  requireKnownOptions('options', options, joinOptions);
  requireKnownOptions('nats', options.nats, natsOptions);
  const { nats, roles } = options;
  const nodeId = requireToken('nodeId', options.nodeId);
  const subjects = createSubjects(options.cell);
  requireIncarnation(options.incarnation);
  profileOf(options.membership ?? defaultProfile);
  const metadata = requireMetadata(options.metadata ?? {});
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;
  const servers = typeof nats.servers === 'string' ? [nats.servers] : nats.servers;
  const connect = () =>
    connectNats({
      node: nodeId,
      servers,
      creds: nats.creds,
      user: nats.user,
      pass: nats.pass,
      connectTimeoutMs: nats.connectTimeoutMs,
      clock,
      random,
      log: options.log,
    });
  let transport = await connect();
  // Observers may not send requests, and no messages are sent to them.
  const isMember = roles.some((role) => role !== 'observer');
  if (isMember) await leaveUnlessFree(nodeId, { transport, subjects, clock });
  let atLeast = 1;
  for (let attempt = 1; ; attempt++) {
    const parts = { ...options, nodeId, metadata, servers, subjects, clock, random, transport, atLeast };
    const { node, reachability, laterIncarnation } = await start(parts, isMember);
    if (reachability !== undefined)
      await untilReachable({ nodeId, presence: node.presence, reachability, clock });
    const later = laterIncarnation();
    if (later === undefined || options.incarnation !== undefined || attempt === maxStarts) return node;
    // The store was away, and others know a later incarnation of this node than its clock allows.
    options.log.warn(
      { node: nodeId, incarnation: node.incarnation, later },
      'other nodes know a later incarnation of this node: it starts again',
    );
    await node.leave();
    atLeast = later + 1;
    transport = await connect();
  }
}

/** What `start` works with. */
interface StartParts extends JoinClusterOptions {
  readonly metadata: MemberMetadata;
  readonly servers: readonly string[];
  readonly subjects: Subjects;
  readonly clock: Clock;
  readonly random: Random;
  readonly transport: HeaderTransport;
  /** The incarnation is at least this. */
  readonly atLeast: number;
}

async function start(parts: StartParts, isMember: boolean): Promise<AssembledNode> {
  const { nodeId, roles, metadata, cell, servers, nats, pid, log } = parts;
  const { subjects, clock, random, transport } = parts;
  const storage = jetStreamStorage({ transport, clock, random, leastReplicas: parts.replicas ?? 1 });
  const issuer = roles.includes('host') ? new IncarnationIssuer(cell, storage, clock) : undefined;
  const incarnation = parts.incarnation ?? (await takeIncarnation(parts, issuer));
  const { creds, user, pass } = nats;
  return assembleNode({
    nodeId,
    incarnation,
    roles,
    metadata,
    pid,
    membership: profileOf(parts.membership ?? defaultProfile),
    ...(isMember && {
      pulse: startPulse(
        { node: nodeId, incarnation, cell, servers: afterFirst(servers), creds, user, pass },
        { clock, log, transport },
      ),
    }),
    ...(issuer && { issuer }),
    subjects,
    transport,
    storage,
    clock,
    random,
    scheduler: nodeScheduler(),
    log,
  });
}

/** From the store, directly or by way of a host; else the wall clock. */
async function takeIncarnation(
  { nodeId, subjects, clock, transport, atLeast, roles, log }: StartParts,
  issuer: IncarnationIssuer | undefined,
): Promise<number> {
  const byClock = Math.max(atLeast, Math.floor(clock.wallNow()));
  if (!roles.some((role) => role !== 'observer')) return byClock;
  if (issuer === undefined)
    return (await requestIncarnation(transport, subjects, nodeId, atLeast, issueMs)) ?? byClock;
  const late = Promise.withResolvers<undefined>();
  const timer = clock.setTimer(issueMs, () => late.resolve(undefined));
  const issued = issuer.issue(nodeId, atLeast).catch((err: unknown) => {
    log.warn({ err }, 'the store issued no incarnation: the wall clock is used');
    return undefined;
  });
  const incarnation = await Promise.race([issued, late.promise]);
  timer.cancel();
  return incarnation ?? byClock;
}

/** Another order: where there are several servers, the pulse thread prefers another one than the main connection. */
function afterFirst(servers: readonly string[]): readonly string[] {
  return [...servers.slice(1), ...servers.slice(0, 1)];
}

function requireIncarnation(incarnation: number | undefined): void {
  if (incarnation !== undefined && !(Number.isSafeInteger(incarnation) && incarnation >= 1))
    throw new InvalidArgumentError('incarnation', 'must be a whole number of at least 1');
}

async function leaveUnlessFree(
  nodeId: string,
  bus: { readonly transport: Transport; readonly subjects: Subjects; readonly clock: Clock },
): Promise<void> {
  try {
    await requireFreeId(nodeId, bus);
  } catch (error) {
    await bus.transport.close();
    throw error;
  }
}
