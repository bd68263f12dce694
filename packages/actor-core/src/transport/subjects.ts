import { InvalidArgumentError } from '../errors.ts';

/**
 * Every NATS subject of the project, and what each role may publish and subscribe to. Nothing else builds a
 * subject. Grammar: `d1.{cell}.{plane}…`; `d1` is the protocol's major version. Where a message's sender
 * matters its id is the last token, so that NATS permissions pin it and nobody can speak for another.
 *
 * | subject | who publishes | who subscribes |
 * |---|---|---|
 * | `d1.{cell}.n.{to}.{lane}.{from}` | node `from` | node `to` (actor frames; lane `ctl`, `dat`, `ping`) |
 * | `d1.{cell}.n.{to}.req.{from}` | gateway or host `from` | node `to` (requests to a leader) |
 * | `d1.{cell}.n.{to}.ord.{from}` | host `from` | node `to` (orders of a leader, and reports to it) |
 * | `d1.{cell}.n.{to}.look.{from}` | node `from` | node `to` (which actors run there) |
 * | `d1.{cell}.g.{node}` | that node | everyone (presence) |
 * | `d1.{cell}.load.{node}` | that node-agent | everyone (load reports) |
 * | `d1.{cell}.poll.{node}` | any node | everyone (please announce now) |
 * | `d1.{cell}.ldr.{group}.{node}` | a leader of `group` | everyone (term and fence, heartbeat) |
 * | `d1.{cell}.ctl.{group}.…` | the group's leader | the stream `CTL_{cell}_G_{group}` |
 * | `d1.{cell}.t.{topic}.{node}` | that node | every member (topics of one to four tokens) |
 * | `_I.{node}.…` | whoever was asked | that node (replies) |
 */
export interface Subjects {
  /** Which cluster on its NATS. */
  readonly cell: string;
  /** Frames from one node to another, on one lane. */
  inbox(to: string, lane: Lane, from: string): string;
  /** All frames to a node. */
  inboxOf(node: string): string;
  /** A question about the actors of `to`. */
  inspection(to: string, from: string): string;
  /** That node announces itself. */
  presence(node: string): string;
  /** That node-agent reports its load. */
  load(node: string): string;
  /** That node asks everybody to announce themselves. */
  poll(node: string): string;
  /** That node says that it leads the group. */
  leader(group: string, node: string): string;
  /** Records of a group, in its stream `CTL_{group}`. */
  control(group: string, ...tokens: string[]): string;
  /** `topic` is one to four tokens joined by dots, each of which may be `anyToken` to subscribe. */
  topic(topic: string, node: string): string;
}

/**
 * Lanes of a node's inbox. Control never queues behind data; `ping` is answered by the transport's edge. `req` and `ord`
 * exist for their permissions: what arrives on them was sent by a node of a role that may publish there.
 */
export type Lane = 'ctl' | 'dat' | 'ping' | 'req' | 'ord';

/** Which lanes of other nodes' inboxes NATS lets a node of that role publish to. */
const lanesOf: Readonly<Record<Exclude<Role, 'observer'>, readonly Lane[]>> = {
  'node-agent': ['ctl', 'dat', 'ping'],
  gateway: ['ctl', 'dat', 'ping', 'req'],
  host: ['ctl', 'dat', 'ping', 'req', 'ord'],
};

/** Wildcard for one token, where a subscription wants every node. */
export const anyToken = '*';

const tokenPattern = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** The sender is pinned as the last token, and NATS has no wildcard for "any number of tokens" in the middle. */
const maxTopicTokens = 4;

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
    poll: (node) => `${root}.poll.${node}`,
    leader: (group, node) => `${root}.ldr.${group}.${node}`,
    topic: (topic, node) => `${root}.t.${topic}.${node}`,
    control: (group, ...tokens) => `${root}.ctl.${[group, ...tokens].join('.')}`,
  };
}

/**
 * Name of the stream that holds a group's lead record and state (DESIGN: one stream a fence). Stream names are one
 * space for a whole NATS account, so the cell is in it; `_G_` keeps the two apart, for no token has a capital.
 */
export function controlStream(cell: string, group: string): string {
  return `CTL_${cell}_G_${group}`;
}

/** Prefix of a node's private replies. */
export function inboxPrefix(node: string): string {
  return `_I.${node}`;
}

/** What a process is there for. Decides what NATS lets it do; an observer only listens. */
export type Role = 'gateway' | 'node-agent' | 'host' | 'observer';

/** Subjects, wildcards included, that NATS lets a node publish and subscribe to. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** What NATS lets one node do: the union over its roles, every publish pinned to its own id. */
export function permissionsOf(subjects: Subjects, node: string, roles: readonly Role[]): Permissions {
  const publish = new Set<string>();
  const subscribe = new Set<string>([
    subjects.presence(anyToken),
    subjects.load(anyToken),
    subjects.leader(anyToken, anyToken),
    `${inboxPrefix(node)}.>`,
  ]);
  for (const role of roles) {
    if (role === 'observer') continue;
    for (const lane of lanesOf[role]) publish.add(subjects.inbox(anyToken, lane, node));
    publish.add(subjects.inspection(anyToken, node));
    publish.add(subjects.presence(node));
    publish.add(subjects.poll(node));
    publish.add('_I.*.>');
    for (let tokens = 1; tokens <= maxTopicTokens; tokens++)
      publish.add(subjects.topic(Array.from({ length: tokens }, () => anyToken).join('.'), node));
    subscribe.add(`d1.${subjects.cell}.t.>`);
    subscribe.add(subjects.inboxOf(node));
    subscribe.add(subjects.poll(anyToken));
    if (role === 'node-agent') publish.add(subjects.load(node));
    if (role === 'host') {
      publish.add(subjects.leader(anyToken, node));
      publish.add(`d1.${subjects.cell}.ctl.>`);
      publish.add('$JS.API.>');
      publish.add('$JS.ACK.>');
      publish.add('$JS.FC.>');
    }
  }
  return { publish: [...publish], subscribe: [...subscribe] };
}
