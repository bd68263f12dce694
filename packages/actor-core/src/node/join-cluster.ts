import type { Clock } from '../clock.ts';
import { systemClock } from '../clock/system-clock.ts';
import { InvalidArgumentError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { systemRandom } from '../random/system-random.ts';
import type { Random } from '../random.ts';
import { nodeScheduler } from '../scheduler/node-scheduler.ts';
import { type MemberMetadata, requireMetadata } from '../membership/member-metadata.ts';
import { JetStreamStore } from '../storage/log/jetstream-store.ts';
import { jetStreamStorage } from '../storage/node-storage.ts';
import { connectNats } from '../transport/connect-nats.ts';
import type { Transport } from '../transport/transport.ts';
import type { Role } from '../transport/roles.ts';
import { createSubjects, requireToken, type Subjects } from '../transport/subjects.ts';
import { untilReachable } from './activation.ts';
import { assembleNode } from './assemble-node.ts';
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
});

/** Identity of a process in the cluster, and how it reaches NATS. */
export interface JoinClusterOptions {
  /** Name of this process in the cluster: `[a-z0-9_-]`, 64 characters at most. */
  readonly nodeId: string;
  /**
   * Larger than the incarnation of every earlier process with this `nodeId`, such as the wall clock milliseconds at
   * start.
   */
  readonly incarnation: number;
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
  const { nats, roles, pid, log } = options;
  const nodeId = requireToken('nodeId', options.nodeId);
  const subjects = createSubjects(options.cell);
  const { incarnation } = options;
  if (!(Number.isSafeInteger(incarnation) && incarnation >= 1))
    throw new InvalidArgumentError('incarnation', 'must be a whole number of at least 1');
  const metadata = requireMetadata(options.metadata ?? {});
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;
  const servers = typeof nats.servers === 'string' ? [nats.servers] : nats.servers;
  const transport = await connectNats({
    node: nodeId,
    servers,
    creds: nats.creds,
    user: nats.user,
    pass: nats.pass,
    connectTimeoutMs: nats.connectTimeoutMs,
    clock,
    random,
    log,
  });
  // Observers may not send requests, and no messages are sent to them.
  if (roles.some((role) => role !== 'observer'))
    await leaveUnlessFree(nodeId, { transport, subjects, clock });
  const store = new JetStreamStore({ transport, clock, random });
  const { node, reachability } = assembleNode({
    nodeId,
    incarnation,
    roles,
    metadata,
    pid,
    subjects,
    transport,
    store,
    storage: jetStreamStorage({ transport, clock, random }),
    clock,
    random,
    scheduler: nodeScheduler(),
    log,
  });
  if (reachability !== undefined)
    await untilReachable({ nodeId, presence: node.presence, reachability, clock });
  return node;
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
