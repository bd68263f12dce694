import type { Clock } from '../clock.ts';
import { type Logger, silentLogger } from '../logger.ts';
import { type MemberMetadata, requireMetadata } from '../membership/member-metadata.ts';
import type { Pulse } from '../membership/pulse/pulse.ts';
import { type MembershipProfile, profileOf } from '../membership/swim/swim-config.ts';
import { assembleNode } from '../node/assemble-node.ts';
import type { ClusterNode } from '../node/cluster-node.ts';
import { seededRandom } from '../random/seeded-random.ts';
import type { Random } from '../random.ts';
import { nodeScheduler } from '../scheduler/node-scheduler.ts';
import type { Scheduler } from '../scheduler.ts';
import { MemoryLogs } from '../storage/log/memory-log.ts';
import type { StorePath } from '../storage/log/store-path.ts';
import { createStorage } from '../storage/node-storage.ts';
import { MemoryLeases } from '../storage/work-queue/memory-consumers.ts';
import { MemoryHub, type MemoryTransport } from '../transport/memory-transport.ts';
import type { Role } from '../transport/roles.ts';
import { createSubjects } from '../transport/subjects.ts';
import { ManualClock } from './manual-clock.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const hubOptions = optionNames<TestHubOptions>({ clock: true, random: true, scheduler: true, cell: true });
const nodeOptions = optionNames<TestNodeOptions>({
  nodeId: true,
  roles: true,
  incarnation: true,
  metadata: true,
  log: true,
  membership: true,
});

/** Parts that the nodes of a test share. Each may be left out. */
export interface TestHubOptions {
  /** @default a new `ManualClock` */
  readonly clock?: Clock;
  /** @default seed 1 */
  readonly random?: Random;
  /** @default bounded microtasks, then the event loop */
  readonly scheduler?: Scheduler;
  /** @default 'test' */
  readonly cell?: string;
}

/** A bus, a store, a clock and a random source that test nodes share. */
export interface TestHub<C extends Clock = Clock> {
  /** Carries messages between the nodes; faults on demand. */
  readonly bus: MemoryHub;
  /** The logs of the cluster's JetStream. */
  readonly logs: MemoryLogs;
  /** The leases of the tasks in the queues on those logs. */
  readonly leases: MemoryLeases;
  readonly clock: C;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly cell: string;
  /** The way of a node to the logs. @default a direct one */
  readonly pathOf?: (process: StoreUser) => StorePath;
  /** Part of the seeds from which each node's failure detector draws. @default 1 */
  readonly membershipSeed?: number;
  /** Starts the second thread of a node, which answers while its main loop is blocked. @default none */
  readonly pulse?: (node: string, incarnation: number, transport: MemoryTransport) => Pulse;
}

/** One process that uses the logs: its connection, its time and its turns. */
export interface StoreUser {
  readonly transport: MemoryTransport;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
}

/** Creates a hub for test nodes. Its clock stands still unless another one is given. */
export function createTestHub(options?: Omit<TestHubOptions, 'clock'>): TestHub<ManualClock>;
/** Creates a hub with the given clock. */
export function createTestHub<C extends Clock>(options: TestHubOptions & { readonly clock: C }): TestHub<C>;
export function createTestHub(options: TestHubOptions = {}): TestHub {
  requireKnownOptions('options', options, hubOptions);
  const clock = options.clock ?? new ManualClock();
  const random = options.random ?? seededRandom(1);
  const scheduler = options.scheduler ?? nodeScheduler();
  const logs = new MemoryLogs({ clock, scheduler });
  return {
    bus: new MemoryHub({ clock, random, scheduler }),
    logs,
    leases: new MemoryLeases(logs, clock),
    clock,
    random,
    scheduler,
    cell: options.cell ?? 'test',
  };
}

/** Identity of a test node. */
export interface TestNodeOptions {
  /** Its name: `[a-z0-9_-]`, 64 characters at most. */
  readonly nodeId: string;
  /** @default ['host'] */
  readonly roles?: readonly Role[];
  /** @default 1 */
  readonly incarnation?: number;
  /** What it states about itself. @default nothing */
  readonly metadata?: MemberMetadata;
  /** @default says nothing */
  readonly log?: Logger;
  /** Profile of the failure detector. @default 'lan' */
  readonly membership?: MembershipProfile;
}

/** A cluster node on the memory hub, whose connection can be cut. */
export interface TestNode extends ClusterNode {
  /** Its connection to the bus; `disconnect` cuts it. */
  readonly transport: MemoryTransport;
  /** Ends the node as a crash does: no announcement, no orderly stop. */
  crash(): void;
}

/** Starts a cluster node on a hub, as `joinCluster` does without NATS. */
export function createTestNode(hub: TestHub, options: TestNodeOptions): TestNode {
  requireKnownOptions('options', options, nodeOptions);
  const transport = hub.bus.connect(options.nodeId, hub.scheduler, hub.clock);
  const { clock, random, scheduler } = hub;
  const path = hub.pathOf?.({ transport, clock, scheduler }) ?? hub.logs.directPath();
  const storage = createStorage({
    log: hub.logs.connect(options.nodeId, path),
    consumers: hub.leases.connect(options.nodeId, path),
    clock,
    random,
  });
  const pulse = hub.pulse?.(options.nodeId, options.incarnation ?? 1, transport);
  const { node } = assembleNode({
    nodeId: options.nodeId,
    incarnation: options.incarnation ?? 1,
    roles: options.roles ?? ['host'],
    metadata: requireMetadata(options.metadata ?? {}),
    pid: 1,
    membership: profileOf(options.membership ?? 'lan'),
    // A source of its own, so that probes do not change what the parts under test draw.
    membershipRandom: seededRandom(
      seedOf(`${options.nodeId} ${options.incarnation}`, hub.membershipSeed ?? 1),
    ),
    pulse,
    subjects: createSubjects(hub.cell),
    transport,
    storage,
    clock,
    random,
    scheduler,
    log: options.log ?? silentLogger,
  });
  return {
    ...node,
    transport,
    crash: () => {
      void pulse?.close();
      void transport.close();
    },
  };
}

/** FNV-1a of the text, from a seed. */
function seedOf(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}
