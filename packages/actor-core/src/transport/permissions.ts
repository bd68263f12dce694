import type { Role } from './roles.ts';
import { bucketAccess, streamAccess } from './stream-access.ts';
import {
  allReplies,
  anyToken,
  controlGroup,
  controlStream,
  inboxPrefix,
  incarnationBucket,
  type Lane,
  maxTopicTokens,
  memoryBucket,
  memoryFeed,
  queueBucket,
  queueFeed,
  queuePrefix,
  queueStream,
  settingsBucket,
  type Subjects,
} from './subjects.ts';
import { tenantClasses } from './tenants.ts';

/** Subjects, wildcards included, that NATS lets a node publish and subscribe to. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** On which lanes a node of each role may publish to the inboxes of other nodes. */
const lanesOf: Readonly<Record<Exclude<Role, 'observer'>, readonly Lane[]>> = {
  'node-agent': ['ctl', 'dat', 'ping'],
  gateway: ['ctl', 'dat', 'ping', 'req'],
  host: ['ctl', 'dat', 'ping', 'req', 'ord'],
  voter: ['ctl', 'dat', 'ping'],
};

/** Lanes of membership, on which every member publishes. */
const memberLanes: readonly Lane[] = ['swim', 'pulse'];

/** JetStream's API, its acknowledgements and its flow control, for the nodes that may lead a group. */
const jetStream = ['$JS.API.>', '$JS.ACK.>', '$JS.FC.>'];

/**
 * What NATS lets one node do: the union over its roles. The node's own id is the last token of every subject that it
 * may publish to, except replies, control records and JetStream.
 */
export function permissionsOf(subjects: Subjects, node: string, roles: readonly Role[]): Permissions {
  const publish = new Set<string>();
  const subscribe = new Set<string>([
    subjects.presence(anyToken),
    subjects.load(anyToken),
    subjects.leader(anyToken, anyToken),
    subjects.view(anyToken),
    `${inboxPrefix(node)}.>`,
  ]);
  for (const role of roles) {
    if (role === 'observer') continue;
    for (const subject of publishedBy(role, subjects, node)) publish.add(subject);
    subscribe.add(subjects.allTopics);
    subscribe.add(subjects.inboxOf(node));
    subscribe.add(subjects.poll(anyToken));
    subscribe.add(subjects.gossip(anyToken));
    subscribe.add(`${subjects.feed('settings')}.>`);
    if (role === 'host') subscribe.add(subjects.incarnation(anyToken));
    if (role === 'gateway' || role === 'host') for (const feed of feedsOf(subjects.cell)) subscribe.add(feed);
    const led = ledBy(role);
    if (led === undefined) continue;
    subscribe.add(subjects.election(led, node, anyToken));
    subscribe.add(`${subjects.feed(controlGroup)}.>`);
  }
  return { publish: [...publish], subscribe: [...subscribe] };
}

function publishedBy(role: Exclude<Role, 'observer'>, subjects: Subjects, node: string): string[] {
  const published = [
    ...[...lanesOf[role], ...memberLanes].map((lane) => subjects.inbox(anyToken, lane, node)),
    subjects.inspection(anyToken, node),
    subjects.viewQuestion(anyToken, node),
    subjects.presence(node),
    subjects.gossip(node),
    subjects.incarnation(node),
    subjects.poll(node),
    allReplies,
    ...topicsOf(subjects, node),
    ...bucketAccess(settingsBucket(subjects.cell), role === 'gateway' || role === 'host' ? 'write' : 'read'),
  ];
  if (role === 'node-agent') published.push(subjects.load(node));
  if (role === 'gateway' || role === 'host')
    published.push(
      subjects.viewRequest(anyToken, node),
      ...memoryAccess(subjects.cell),
      ...queueAccess(subjects.cell),
    );
  const led = ledBy(role);
  if (led !== undefined)
    published.push(
      subjects.leader(led, node),
      subjects.election(led, anyToken, node),
      subjects.view(node),
      subjects.sighting(anyToken, node),
    );
  if (role === 'host')
    published.push(
      subjects.allControl,
      subjects.allEntities,
      ...bucketAccess(incarnationBucket(subjects.cell), 'write'),
      ...jetStream,
    );
  if (role === 'voter') {
    const stream = controlStream(subjects.cell, controlGroup);
    published.push(subjects.control(controlGroup, '>'), ...streamAccess(stream, 'manage'));
  }
  return published;
}

/** The groups that a node of the role may lead and elect the leader of; undefined for none. */
function ledBy(role: Role): string | undefined {
  if (role === 'host') return anyToken;
  return role === 'voter' ? controlGroup : undefined;
}

/** Values of memory. Hosts create the buckets; they may use all of JetStream's API. */
function memoryAccess(cell: string): string[] {
  return tenantClasses.flatMap((tenantClass) => bucketAccess(memoryBucket(cell, tenantClass), 'write'));
}

/** Messages of the queues, and the bucket that says which queues there are. Hosts create both. */
function queueAccess(cell: string): string[] {
  const messages = tenantClasses.flatMap((tenantClass) => [
    ...streamAccess(queueStream(cell, tenantClass), 'remove'),
    `${queuePrefix(cell, tenantClass)}.>`,
  ]);
  const bucket = queueBucket(cell);
  return [...messages, ...bucketAccess(bucket, 'write')];
}

function feedsOf(cell: string): string[] {
  return tenantClasses.flatMap((tenantClass) => [
    `${memoryFeed(cell, tenantClass)}.>`,
    `${queueFeed(cell, tenantClass)}.>`,
  ]);
}

/** One pattern for each length of a topic: NATS has no wildcard for any number of tokens before the last one. */
function topicsOf(subjects: Subjects, node: string): string[] {
  return Array.from({ length: maxTopicTokens }, (_, index) =>
    subjects.topic(Array.from({ length: index + 1 }, () => anyToken).join('.'), node),
  );
}
