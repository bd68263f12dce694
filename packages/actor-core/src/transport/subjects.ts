import { InvalidArgumentError } from '../errors.ts';

/**
 * Every NATS subject of the project: how it is built and how it is read. No other file builds one. Grammar:
 * `d1.{cell}.{plane}…`, where `d1` is the major version of the protocol. Where the sender of a message matters, its
 * node id is the last token, so that NATS permissions pin it and no node can publish in the name of another.
 *
 * | subject | publisher | subscriber |
 * |---|---|---|
 * | `d1.{cell}.n.{to}.{lane}.{from}` | node `from` | node `to` (actor frames; lane `ctl`, `dat`, `ping`) |
 * | `d1.{cell}.n.{to}.swim.{from}` | node `from` | node `to` (membership: probes, gossip) |
 * | `d1.{cell}.n.{to}.pulse.{from}` | node `from` | the process of node `to`, twice (does it live?) |
 * | `d1.{cell}.n.{to}.req.{from}` | gateway or host `from` | node `to` (requests to a leader) |
 * | `d1.{cell}.n.{to}.ord.{from}` | host `from` | node `to` (orders of a leader, and reports to it) |
 * | `d1.{cell}.n.{to}.look.{from}` | node `from` | node `to` (inspection: which actors run there) |
 * | `d1.{cell}.swim.{node}` | that node | every member (membership: joins, refutations, leaves) |
 * | `d1.{cell}.inc.{node}` | that node | one host (asks for the number of its next incarnation) |
 * | `d1.{cell}.set.{node}` | that node | one host (asks for the settings of the cluster) |
 * | `d1.{cell}.job.{node}` | that node | one host (asks for its admin jobs, and reports on them) |
 * | `d1.{cell}.g.{node}` | that node | observers, and nodes of 0.3.0 (announcements) |
 * | `d1.{cell}.load.{node}` | that node-agent | every node (load reports) |
 * | `d1.{cell}.sig.{node}` | that gateway or host | every node (the key that its requests are signed with) |
 * | `d1.{cell}.poll.{node}` | any node | every node (asks for announcements now) |
 * | `d1.{cell}.ldr.{group}.{node}` | a leader of `group` | every node (heartbeat with term and fence) |
 * | `d1.{cell}.elc.{group}.{to}.{from}` | candidate `from` | candidate `to` (votes) |
 * | `d1.{cell}.view.{node}` | the control leader | every node (epoch of the view, and changes) |
 * | `d1.{cell}.n.{to}.view.{from}` | node `from` | the control leader `to` (asks for the whole view) |
 * | `d1.{cell}.n.{to}.seen.{from}` | host `from` | node `to` (asks whether a third node is there) |
 * | `d1.{cell}.n.{to}.adm.{from}` | gateway or host `from` | the leader `to` of a group (what a person asks) |
 * | `d1.{cell}.ctl.{group}.…` | the group's leader | the stream `CTL_{cell}_G_{group}` |
 * | `$KV.MEM_{cell}_T_{class}.{tenant}.…` | gateways and hosts | that bucket (values of memory) |
 * | `d1.{cell}.ent.{shard}.{type}.{key}.…` | the entity's owner | the stream `ENT_{cell}_{shard}` |
 * | `d1.{cell}.q.{class}.{tenant}.{queue}.{partition}.{id}` | gateways and hosts | the stream `Q_{cell}_T_{class}` |
 * | `$KV.QUEUES_{cell}.…` | gateways and hosts | the bucket `QUEUES_{cell}` (which queues there are) |
 * | `d1.{cell}.evt.{source}.{from}` | gateway or host `from` | the stream `EVT_{cell}` (events that are kept) |
 * | `$KV.KEYS_{cell}.…` | gateways | the bucket `KEYS_{cell}` (keys of clients, hashed) |
 * | `d1.{cell}.quo.{node}` | that gateway | the stream `QUOTA_{cell}` (claims of quotas) |
 * | `$KV.USAGE_{cell}.…` | gateways | the bucket `USAGE_{cell}` (what requests used) |
 * | `d1.{cell}.aud.{node}` | that gateway | the stream `AUDIT_{cell}` (its chain of audit records) |
 * | `d1.{cell}.t.{topic}.{node}` | that node | every member (topics of one to four tokens) |
 * | `d1.{cell}.feed.{log}.…` | NATS | nodes that follow that log (each record as it is accepted) |
 * | `_I.{node}.…` | the node that answers | that node (replies) |
 */
export interface Subjects {
  /** The cluster on its NATS. */
  readonly cell: string;
  /** Frames from one node to another, on one lane. */
  inbox(to: string, lane: Lane, from: string): string;
  /** All frames to a node, as a subscription. */
  inboxOf(node: string): string;
  /** A question about the actors of `to`. */
  inspection(to: string, from: string): string;
  /** Announcements of that node. */
  presence(node: string): string;
  /** Load reports of that node-agent. */
  load(node: string): string;
  /** Membership messages of that node to all members. */
  gossip(node: string): string;
  /** Requests of that node for the number of its next incarnation. */
  incarnation(node: string): string;
  /** Requests of that node for the settings of the cluster. */
  settingsQuestion(node: string): string;
  /** Questions of that node for its admin jobs, and its reports on them. */
  adminJobs(node: string): string;
  /** The public key of that gateway or host, with which its requests are signed. */
  signer(node: string): string;
  /** Claims of that gateway for quotas. */
  quota(node: string): string;
  /** Audit records of that gateway, in the stream `auditLog`. `anyToken`: of all gateways. */
  audit(node: string): string;
  /** A request of that node to all others: announce yourselves now. */
  poll(node: string): string;
  /** Heartbeats of that node as leader of the group. */
  leader(group: string, node: string): string;
  /** Votes and other messages from one candidate of the group to another. */
  election(group: string, to: string, from: string): string;
  /** Announcements of that node as control leader. */
  view(node: string): string;
  /** A question to `to`, the control leader, for the whole view. */
  viewQuestion(to: string, from: string): string;
  /** A question of the control leader to `to`: is a third node there? */
  sighting(to: string, from: string): string;
  /** A request of a person to `to`, the leader of a group. */
  leaderRequest(to: string, from: string): string;
  /** Changes of a hot key of the replicated memory, for `to`, the node that writes it. */
  memoryChanges(to: string, from: string): string;
  /** Records of a group, in its stream (`controlStream`). */
  control(group: string, ...tokens: string[]): string;
  /** Prefix of the subjects on which NATS announces each record of a log that the nodes follow. */
  feed(log: string): string;
  /** Records of one entity, in the stream of its shard (`entityLog`). `key` is encoded by `encodeToken`. */
  entity(shard: number, type: string, key: string, ...tokens: string[]): string;
  /** How the entities are spread over streams: a record in the stream of shard 0. */
  readonly entityLayout: string;
  /** Records of all entities of a shard, as the subjects of its stream. */
  entitiesOf(shard: number): string;
  /** `topic` is one to four tokens joined by dots; for a subscription each of them may be `anyToken`. */
  topic(topic: string, node: string): string;
  /** Event of `source` that `from` stores, in the stream `eventLog`. A gateway stores its own events only. */
  event(source: string, from: string): string;
  /** Every topic of every node, as a subscription. */
  readonly allTopics: string;
}

/**
 * Lanes of a node's inbox. Control never queues behind data; `ping`, `swim` and `pulse` are answered before any actor
 * is involved. `req` and `ord` exist for their permissions: only nodes of certain roles can publish there.
 */
export type Lane = 'ctl' | 'dat' | 'ping' | 'swim' | 'pulse' | 'req' | 'ord';

/** Wildcard for one token, for a subscription to all nodes. */
export const anyToken = '*';

/** Beginning of every private inbox. */
export const allInboxes = '_I.';

/** Private replies to every node, as a pattern for permissions. */
export const allReplies: string = `${allInboxes}*.>`;

/** Permissions pin the sender as the last token, which needs one pattern for each length of a topic. */
export const maxTopicTokens = 4;

const tokenPattern = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** @throws InvalidArgumentError unless `topic` is one to four tokens joined by dots; `anyToken` may be one of them */
export function requireTopic(topic: string): string {
  const tokens = topic.split('.');
  if (tokens.length > maxTopicTokens)
    throw new InvalidArgumentError('topic', `must have ${maxTopicTokens} tokens at most`);
  for (const token of tokens) if (token !== anyToken) requireToken('topic', token);
  return topic;
}

/** @throws InvalidArgumentError unless `value` is 1–64 of `[a-z0-9_-]` and begins with a letter or digit */
export function requireToken(name: string, value: string): string {
  if (!tokenPattern.test(value)) {
    throw new InvalidArgumentError(name, `must be 1 to 64 of a-z 0-9 _ - (got ${JSON.stringify(value)})`);
  }
  return value;
}

/** Builds the subjects of one cell. @throws InvalidArgumentError for a cell that is no subject token */
export function createSubjects(cell: string): Subjects {
  requireToken('cell', cell);
  const root = `d1.${cell}`;
  return {
    cell,
    inbox: (to, lane, from) => `${root}.n.${to}.${lane}.${from}`,
    inboxOf: (node) => `${root}.n.${node}.>`,
    inspection: (to, from) => `${root}.n.${to}.look.${from}`,
    presence: (node) => `${root}.g.${node}`,
    load: (node) => `${root}.load.${node}`,
    gossip: (node) => `${root}.swim.${node}`,
    incarnation: (node) => `${root}.inc.${node}`,
    settingsQuestion: (node) => `${root}.set.${node}`,
    adminJobs: (node) => `${root}.job.${node}`,
    signer: (node) => `${root}.sig.${node}`,
    quota: (node) => `${root}.quo.${node}`,
    audit: (node) => `${root}.aud.${node}`,
    poll: (node) => `${root}.poll.${node}`,
    leader: (group, node) => `${root}.ldr.${group}.${node}`,
    election: (group, to, from) => `${root}.elc.${group}.${to}.${from}`,
    view: (node) => `${root}.view.${node}`,
    viewQuestion: (to, from) => `${root}.n.${to}.view.${from}`,
    sighting: (to, from) => `${root}.n.${to}.seen.${from}`,
    leaderRequest: (to, from) => `${root}.n.${to}.adm.${from}`,
    memoryChanges: (to, from) => `${root}.n.${to}.mem.${from}`,
    control: (group, ...tokens) => `${root}.ctl.${[group, ...tokens].join('.')}`,
    feed: (log) => `${root}.feed.${log}`,
    entity: (shard, type, key, ...tokens) => `${root}.ent.${[shard, type, key, ...tokens].join('.')}`,
    entityLayout: `${root}.ent.0.layout`,
    entitiesOf: (shard) => `${root}.ent.${shard}.>`,
    topic: (topic, node) => `${root}.t.${topic}.${node}`,
    event: (source, from) => `${root}.evt.${source}.${from}`,
    allTopics: `${root}.t.>`,
  };
}

/** The node that published to this subject: its last token, which NATS permissions pin. */
export function senderOf(subject: string): string {
  return subject.slice(subject.lastIndexOf('.') + 1);
}

/** Name of the stream that holds the owner records, journals, snapshots and timers of the entities of one shard. */
export function entityLog(cell: string, shard: number): string {
  return `ENT_${cell}_${shard}`;
}

const plainCharacters = /^[A-Za-z0-9_-]$/;

/**
 * Any text as one token of a subject: letters, digits, `_` and `-` stand for themselves, every other byte of its UTF-8
 * form is `=` and two hexadecimal digits. Different texts have different tokens.
 */
export function encodeToken(text: string): string {
  let token = '';
  for (const character of text) {
    if (plainCharacters.test(character)) token += character;
    else for (const byte of new TextEncoder().encode(character)) token += hexByte(byte);
  }
  return token;
}

function hexByte(byte: number): string {
  return `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

/** Name of the stream of the events that are kept. */
export function eventLog(cell: string): string {
  return `EVT_${cell}`;
}

/** The node that an event in the stream `eventLog` comes from: the token before the last one. */
export function eventSourceOf(subject: string): string {
  return subject.split('.').at(-2) ?? '';
}

/** The topic in a subject that `Subjects.topic` built. */
export function topicOf(subject: string): string {
  return subject.split('.').slice(3, -1).join('.');
}

/**
 * Name of the stream that holds a group's lead record and state (one stream per fence). All streams of a NATS account
 * share one space of names, so the cell is part of the name; `_G_` separates the two, because no token has a capital.
 */
export function controlStream(cell: string, group: string): string {
  return `CTL_${cell}_G_${group}`;
}

/** Name of the bucket of the newest incarnation of each node. */
export function incarnationBucket(cell: string): string {
  return `INC_${cell}`;
}

/** Name of the bucket of the settings that may change while the cluster runs. */
export function settingsBucket(cell: string): string {
  return `SETTINGS_${cell}`;
}

/** Name of the bucket of the keys of clients. */
export function keysBucket(cell: string): string {
  return `KEYS_${cell}`;
}

/** Name of the log of the claims for quotas. */
export function quotaLog(cell: string): string {
  return `QUOTA_${cell}`;
}

/** Name of the bucket of the requests whose answers are kept for clients that come back. */
export function keptBucket(cell: string): string {
  return `KEPT_${cell}`;
}

/** Name of the bucket of what requests used. */
export function usageBucket(cell: string): string {
  return `USAGE_${cell}`;
}

/** Name of the stream of the audit records of all gateways. */
export function auditLog(cell: string): string {
  return `AUDIT_${cell}`;
}

/** Name of the bucket of the admin jobs. Each key begins with the node that executes the job. */
export function adminJobsBucket(cell: string): string {
  return `ADMINJOBS_${cell}`;
}

/** The announcements of the admin jobs of one node, as a subscription. */
export function adminJobsOf(cell: string, node: string): string {
  return `${createSubjects(cell).feed('admin-jobs')}.$KV.${adminJobsBucket(cell)}.${node}.>`;
}

/** Name of the bucket that holds the memory of a class of tenants. `_T_` separates as `_G_` does. */
export function memoryBucket(cell: string, tenantClass: string): string {
  return `MEM_${cell}_T_${tenantClass}`;
}

/** Prefix of the subjects on which the changes of that bucket are announced. */
export function memoryFeed(cell: string, tenantClass: string): string {
  return createSubjects(cell).feed(`mem-${tenantClass}`);
}

/** Stream that holds the queues of a class of tenants. `_T_` separates as `_G_` does. */
export function queueStream(cell: string, tenantClass: string): string {
  return `Q_${cell}_T_${tenantClass}`;
}

/** Prefix of the messages in that stream: tenant, queue (class of model), partition (priority) and id follow. */
export function queuePrefix(cell: string, tenantClass: string): string {
  return `d1.${cell}.q.${tenantClass}`;
}

/** Prefix of the subjects on which the messages of that stream are announced, without their bodies. */
export function queueFeed(cell: string, tenantClass: string): string {
  return createSubjects(cell).feed(`queue-${tenantClass}`);
}

/** Bucket that says which queues there are. */
export function queueBucket(cell: string): string {
  return `QUEUES_${cell}`;
}

/** The group that decides about the members of the cluster. */
export const controlGroup = 'control';

/** Prefix of a node's private replies. */
export function inboxPrefix(node: string): string {
  return `${allInboxes}${node}`;
}
