import { InvalidArgumentError } from '../errors.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';
import type { Role } from './roles.ts';
import { type StreamUse, streamAccess } from './stream-access.ts';
import {
  adminJobsBucket,
  anyToken,
  auditLog,
  controlGroup,
  controlStream,
  entityLog,
  eventLog,
  incarnationBucket,
  keptBucket,
  keysBucket,
  memoryBucket,
  queueBucket,
  queuePrefix,
  queueStream,
  quotaLog,
  requireToken,
  settingsBucket,
  type Subjects,
  usageBucket,
} from './subjects.ts';
import { tenantClasses } from './tenants.ts';

/** Shards of the entities of a cluster whose entities state no other number. */
export const defaultEntityShards = 4;

/** Which streams a cluster has besides those that every cluster has. Permissions name each of them. */
export interface StreamPlan {
  /** Groups with a leader, besides `control`. @default none */
  readonly groups?: readonly string[];
  /** Streams over which the entities are spread, as in `EntitiesConfig.shards`. @default 4 */
  readonly entityShards?: number;
  /** Buckets of blobs that hosts create, read and write. @default none */
  readonly blobBuckets?: readonly string[];
}

const planOptions = optionNames<StreamPlan>({ groups: true, entityShards: true, blobBuckets: true });
const maxEntityShards = 256;
const bucketPattern = /^[A-Za-z0-9_-]{1,64}$/;

/** Roles that use a stream at all. */
type StoringRole = Extract<Role, 'gateway' | 'host' | 'voter'>;

/** What one role does with a stream: uses of JetStream's API, and `append` for publishing records. */
type PlannedUse = StreamUse | 'append';

/** One stream of a cluster, and what each role does with it. A role that is left out does nothing with it. */
interface PlannedStream {
  readonly name: string;
  /** Subjects of its records. */
  readonly records: readonly string[];
  readonly uses: Readonly<Partial<Record<StoringRole, readonly PlannedUse[]>>>;
}

const writes: readonly PlannedUse[] = ['read', 'append'];
const creates: readonly PlannedUse[] = [...writes, 'create'];
const removes: readonly PlannedUse[] = [...creates, 'remove'];

/**
 * Everything that the nodes of a role publish to in order to use the streams of the cluster.
 *
 * Node-agents have no stream at all, not even to read one: nats-server publishes each answer of JetStream at the reply
 * subject of the request without asking whether the requester may publish there, and a stream stores an answer that is
 * published on its subjects (measured, 2.15.1).
 *
 * @throws InvalidArgumentError for a plan with an invalid name or number
 * @see docs/decisions/0037-least-privilege.md
 */
export function storageAccess(role: Role, subjects: Subjects, plan: StreamPlan = {}): string[] {
  const access = plannedStreams(subjects, plan).flatMap(({ name, records, uses }) => {
    const own = uses[role as StoringRole] ?? [];
    const calls = own.filter((use) => use !== 'append');
    return [...(own.includes('append') ? records : []), ...streamAccess(name, ...calls)];
  });
  // How much the account stores, for the doctor.
  return role === 'host' ? [...access, '$JS.API.INFO'] : access;
}

/** Names of all streams that a cluster may have. */
export function plannedLogs(subjects: Subjects, plan: StreamPlan = {}): string[] {
  return plannedStreams(subjects, plan).map(({ name }) => name);
}

function plannedStreams(subjects: Subjects, plan: StreamPlan): PlannedStream[] {
  const { cell } = subjects;
  const { groups = [], entityShards = defaultEntityShards, blobBuckets = [] } = requirePlan(plan);
  const shards = Array.from({ length: entityShards }, (_, shard) => shard);
  return [
    {
      name: controlStream(cell, controlGroup),
      records: [subjects.control(controlGroup, '>')],
      uses: { voter: creates, host: ['read'] },
    },
    ...groups.map((group) => ({
      name: controlStream(cell, group),
      records: [subjects.control(group, '>')],
      uses: { host: creates },
    })),
    bucket(incarnationBucket(cell), { host: creates }),
    bucket(settingsBucket(cell), { host: creates, gateway: writes }),
    // Hosts create the bucket; only gateways change keys.
    bucket(keysBucket(cell), { host: ['read', 'create'], gateway: writes }),
    // Gateways count requests, hosts the model calls of agents.
    bucket(usageBucket(cell), { host: creates, gateway: writes }),
    // A gateway publishes its claims under its own id alone (`permissionsOf`).
    { name: quotaLog(cell), records: [], uses: { host: ['read', 'create'], gateway: ['read'] } },
    bucket(keptBucket(cell), { host: ['read', 'create'], gateway: writes }),
    // A gateway appends to its own chain alone (`permissionsOf`). No role may remove a record.
    { name: auditLog(cell), records: [], uses: { host: ['read', 'create'], gateway: ['read'] } },
    bucket(adminJobsBucket(cell), { host: creates, gateway: writes }),
    bucket(queueBucket(cell), { host: creates, gateway: writes }),
    // The permissions say what each role may append: a gateway its own events, a host those of node-agents too.
    {
      name: eventLog(cell),
      records: [subjects.event(anyToken, anyToken)],
      uses: { host: ['read', 'create'], gateway: ['read'] },
    },
    ...tenantClasses.flatMap((tenantClass) => [
      bucket(memoryBucket(cell, tenantClass), { host: creates, gateway: writes }),
      // Large and old values of memory. Who replaces a value removes its blob.
      blobs(memoryBucket(cell, tenantClass), { host: removes, gateway: [...writes, 'remove'] }),
      {
        name: queueStream(cell, tenantClass),
        records: [`${queuePrefix(cell, tenantClass)}.>`],
        uses: { host: [...removes, 'consume'], gateway: [...writes, 'remove', 'consume'] },
      } as const,
    ]),
    ...shards.map((shard) => ({
      name: entityLog(cell, shard),
      records: [subjects.entitiesOf(shard)],
      uses: { host: removes },
    })),
    ...blobBuckets.map((name) => blobs(name, { host: removes })),
  ];
}

function bucket(name: string, uses: PlannedStream['uses']): PlannedStream {
  return { name: `KV_${name}`, records: [`$KV.${name}.>`], uses };
}

function blobs(name: string, uses: PlannedStream['uses']): PlannedStream {
  return { name: `OBJ_${name}`, records: [`$O.${name}.>`], uses };
}

/** A name with a wildcard or a dot would widen the permissions. */
function requirePlan(plan: StreamPlan): StreamPlan {
  requireKnownOptions('plan', plan, planOptions);
  const { groups = [], entityShards = 0, blobBuckets = [] } = plan;
  for (const group of groups) requireToken('plan.groups', group);
  if (groups.includes(controlGroup))
    throw new InvalidArgumentError(
      'plan.groups',
      `must not name ${controlGroup}: nodes of the role voter lead it`,
    );
  if (!(Number.isSafeInteger(entityShards) && entityShards >= 0 && entityShards <= maxEntityShards))
    throw new InvalidArgumentError('plan.entityShards', `must be 0 to ${maxEntityShards}`);
  for (const name of blobBuckets)
    if (!bucketPattern.test(name))
      throw new InvalidArgumentError('plan.blobBuckets', `must be 1 to 64 of A-Z a-z 0-9 _ - (got ${name})`);
  return plan;
}
