import type { Role } from './roles.ts';
import { storageAccess, type StreamPlan } from './stream-plan.ts';
import {
  adminJobsOf,
  allReplies,
  anyToken,
  controlGroup,
  inboxPrefix,
  type Lane,
  maxTopicTokens,
  memoryFeed,
  queueFeed,
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

/**
 * What NATS lets one node do: the union over its roles. The node's own id is the last token of every subject that it
 * may publish to, except replies and what the streams of `plan` store. JetStream's API is allowed for named streams
 * only.
 *
 * A host leads the groups of the plan. The group `control` is led and elected by nodes of the role `voter`; a process
 * that is host and voter needs the permissions of both roles.
 */
export function permissionsOf(
  subjects: Subjects,
  node: string,
  roles: readonly Role[],
  plan: StreamPlan = {},
): Permissions {
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
    for (const subject of publishedBy(role, subjects, node, plan)) publish.add(subject);
    for (const subject of heardBy(role, subjects, node, plan)) subscribe.add(subject);
  }
  return { publish: [...publish], subscribe: [...subscribe] };
}

function heardBy(
  role: Exclude<Role, 'observer'>,
  subjects: Subjects,
  node: string,
  plan: StreamPlan,
): string[] {
  const heard = [
    subjects.allTopics,
    subjects.inboxOf(node),
    subjects.poll(anyToken),
    subjects.gossip(anyToken),
    subjects.signer(anyToken),
    `${subjects.feed('settings')}.>`,
    ...ledBy(role, plan).map((group) => subjects.election(group, node, anyToken)),
  ];
  if (role === 'host')
    heard.push(
      subjects.incarnation(anyToken),
      subjects.settingsQuestion(anyToken),
      subjects.adminJobs(anyToken),
    );
  if (role === 'node-agent') heard.push(adminJobsOf(subjects.cell, node));
  if (role === 'host' || role === 'voter') heard.push(`${subjects.feed(controlGroup)}.>`);
  if (role === 'gateway' || role === 'host') heard.push(...feedsOf(subjects));
  if (role === 'gateway') heard.push(`${subjects.feed('keys')}.>`, `${subjects.feed('quota')}.>`);
  return heard;
}

function publishedBy(
  role: Exclude<Role, 'observer'>,
  subjects: Subjects,
  node: string,
  plan: StreamPlan,
): string[] {
  const published = [
    ...[...lanesOf[role], ...memberLanes].map((lane) => subjects.inbox(anyToken, lane, node)),
    subjects.inspection(anyToken, node),
    subjects.viewQuestion(anyToken, node),
    subjects.presence(node),
    subjects.gossip(node),
    subjects.incarnation(node),
    subjects.settingsQuestion(node),
    subjects.poll(node),
    allReplies,
    ...topicsOf(subjects, node),
    ...storageAccess(role, subjects, plan),
  ];
  if (role === 'gateway') published.push(subjects.quota(node));
  if (role === 'gateway') published.push(subjects.audit(node));
  if (role === 'node-agent') published.push(subjects.load(node), subjects.adminJobs(node));
  if (role === 'gateway') published.push(subjects.event(node, node));
  if (role === 'host') published.push(subjects.event(anyToken, node));
  if (role === 'gateway' || role === 'host')
    published.push(
      subjects.leaderRequest(anyToken, node),
      subjects.memoryChanges(anyToken, node),
      subjects.signer(node),
    );
  for (const group of ledBy(role, plan))
    published.push(subjects.leader(group, node), subjects.election(group, anyToken, node));
  if (role === 'voter') published.push(subjects.view(node), subjects.sighting(anyToken, node));
  return published;
}

/** The groups that a node of the role may lead and elect the leader of. */
function ledBy(role: Role, { groups = [] }: StreamPlan): readonly string[] {
  if (role === 'host') return groups;
  return role === 'voter' ? [controlGroup] : [];
}

function feedsOf(subjects: Subjects): string[] {
  const { cell } = subjects;
  const ofTenants = tenantClasses.flatMap((tenantClass) => [
    `${memoryFeed(cell, tenantClass)}.>`,
    `${queueFeed(cell, tenantClass)}.>`,
  ]);
  return [...ofTenants, `${subjects.feed('admin-jobs')}.>`, `${subjects.feed('events')}.>`];
}

/** One pattern for each length of a topic: NATS has no wildcard for any number of tokens before the last one. */
function topicsOf(subjects: Subjects, node: string): string[] {
  return Array.from({ length: maxTopicTokens }, (_, index) =>
    subjects.topic(Array.from({ length: index + 1 }, () => anyToken).join('.'), node),
  );
}
