import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive } from '../actor/behaviour.ts';
import { props } from '../cell/create-props.ts';
import { systemClock } from '../clock/system-clock.ts';
import { startControl } from '../control/start-control.ts';
import { requestView } from '../control/view-request.ts';
import { inspectCluster } from '../inspection/inspect-cluster.ts';
import { joinLeadership } from '../leadership/join-leadership.ts';
import { type Logger, silentLogger } from '../logger.ts';
import { z } from 'zod';
import { createPubSub, topic } from '../pubsub/pub-sub.ts';
import { actorRefSchema } from '../remoting/actor-ref-schema.ts';
import { type NatsServer, startNatsServer } from '../testing/nats-server.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { permissionsOf } from '../transport/permissions.ts';
import type { Role } from '../transport/roles.ts';
import { createSubjects, type Lane } from '../transport/subjects.ts';
import type { ClusterNode } from './cluster-node.ts';
import { joinCluster } from './join-cluster.ts';

const roles: Record<string, Role> = { gate: 'gateway', agent: 'node-agent', host: 'host', eye: 'observer' };
const subjects = createSubjects('test');
const complaints: string[] = [];
const log: Logger = {
  ...silentLogger,
  warn: (fields, message) => {
    // What a test sends to a lane is no valid message there.
    if (!message.includes('cannot be read'))
      complaints.push(`${message} ${String((fields as { err?: unknown }).err)}`);
  },
};
const nodes = new Map<string, ClusterNode>();
let server: NatsServer;

beforeAll(async () => {
  const users = Object.entries(roles).map(([user, role]) => {
    // A host process also votes, as the processes of `drover up` do.
    const allowed: readonly Role[] = role === 'host' ? ['host', 'voter'] : [role];
    const { publish, subscribe } = permissionsOf(subjects, user, allowed, { groups: ['g'] });
    // NATS reads an empty list as "everything".
    const permissions = { publish: publish.length === 0 ? { deny: ['>'] } : publish, subscribe };
    return { user, password: user, permissions };
  });
  server = await startNatsServer({ configuration: `authorization { users: ${JSON.stringify(users)} }` });
  for (const [nodeId, role] of Object.entries(roles)) {
    const nats = { servers: server.url, user: nodeId, pass: nodeId };
    nodes.set(
      nodeId,
      await joinCluster({
        nodeId,
        incarnation: systemClock.wallNow(),
        roles: [role],
        cell: 'test',
        nats,
        pid: process.pid,
        log,
      }),
    );
  }
});

afterAll(async () => {
  await Promise.all([...nodes.values()].map((node) => node.leave()));
  await server.dispose();
});

const at = (nodeId: string): ClusterNode => nodes.get(nodeId) as ClusterNode;

it('permits every role to see the others, ask them and follow a leader', async () => {
  const protocol = z.object({ replyTo: actorRefSchema<string>() });
  for (const nodeId of ['gate', 'agent', 'host']) {
    at(nodeId).system.spawn(
      props<{ replyTo: ActorRef<string> }>(() => receive(({ replyTo }) => replyTo.tell(nodeId)), {
        protocol,
      }),
      'name',
    );
  }
  const leaderships = [...nodes.values()].map((node) => joinLeadership(node, { group: 'g' }));
  await waitUntil('all see the members', () =>
    [...nodes.values()].every(
      (node) => node.presence.members().filter((member) => member.state === 'alive').length >= 3,
    ),
  );
  await waitUntil('all know the leader', () =>
    leaderships.every((leadership) => leadership.current()?.node === 'host'),
  );
  for (const from of ['gate', 'agent', 'host']) {
    for (const to of ['gate', 'agent', 'host']) {
      const asked = at(from).system.ask<{ replyTo: ActorRef<string> }, string>(
        at(from).system.refFor(to, 'name'),
        (replyTo) => ({ replyTo }),
        { timeoutMs: 2_000 },
      );
      expect(await asked).toBe(to);
    }
  }
  await Promise.all(leaderships.map((leadership) => leadership.resign()));
  expect(complaints).toEqual([]);
});

it('permits members to follow the view of a host, and a gateway to ask for changes', async () => {
  const control = startControl(at('host'));
  const states = (nodeId: string) =>
    (at(nodeId).view.current()?.members ?? []).map(({ id, state }) => `${id} ${state}`).join(', ');
  const up = 'agent up, gate up, host up';
  await waitUntil('all have the view', () => ['gate', 'agent', 'host'].every((id) => states(id) === up));
  expect(await requestView(at('gate'), { action: 'drain', node: 'agent' })).toMatchObject({ ok: true });
  const drained = 'agent draining, gate up, host up';
  await waitUntil('all have the next view', () =>
    ['gate', 'agent', 'host'].every((id) => states(id) === drained),
  );
  expect(complaints).toEqual([]);
  await control.stop();
});

it('permits every member to inspect the actors of the others', async () => {
  for (const from of ['gate', 'agent', 'host']) {
    const inspected = await inspectCluster(at(from));
    expect(inspected.map(({ member, answer }) => [member.node, 'inspection' in answer])).toEqual([
      ['agent', true],
      ['gate', true],
      ['host', true],
    ]);
  }
  expect(complaints).toEqual([]);
});

it('permits members to publish and subscribe to topics of every depth', async () => {
  const received: string[] = [];
  const names = ['a', 'a.b', 'a.b.c', 'a.b.c.d'];
  for (const name of names)
    createPubSub(at('host')).subscribe(topic(name, z.string()), (message, { from }) =>
      received.push(`${from} ${message}`),
    );
  await at('host').transport.flush({ timeoutMs: 2_000 });
  for (const nodeId of ['gate', 'agent'])
    for (const name of names) createPubSub(at(nodeId)).publish(topic(name, z.string()), name);
  await waitUntil('all is received', () => received.length === 8);
  expect(received.filter((one) => one.startsWith('gate'))).toEqual(names.map((name) => `gate ${name}`));
  expect(complaints).toEqual([]);
});

it.each([
  ['of its presence', subjects.presence('host')],
  ['in gossip to all', subjects.gossip('host')],
  ['in gossip to one', subjects.inbox('agent', 'swim', 'host')],
  ['for its incarnation', subjects.incarnation('host')],
  ['to an actor', subjects.inbox('agent', 'dat', 'host')],
  ['on the control lane', subjects.inbox('agent', 'ctl', 'host')],
  ['on a topic', subjects.topic('news', 'host')],
])('forbids a node to publish in the name of another: %s', async (_, subject) => {
  const before = complaints.length;
  at('gate').transport.publish(subject, new Uint8Array(0));
  await waitUntil('the server complains', () => complaints.length > before);
  expect(complaints.at(-1)).toContain('Permissions Violation');
});

it.each([
  ['agent', 'announce a view', () => subjects.view('agent')],
  ['gate', 'announce a view', () => subjects.view('gate')],
  ['agent', 'ask the leader of a group for a change', () => subjects.leaderRequest('host', 'agent')],
  ['agent', 'ask for a sighting', () => subjects.sighting('gate', 'agent')],
  ['agent', 'write a view', () => subjects.control('control', 'view')],
  ['gate', 'write a view', () => subjects.control('control', 'view')],
])('forbids %s to %s', async (nodeId, _, subject) => {
  const before = complaints.length;
  at(nodeId).transport.publish(subject(), new Uint8Array(0));
  await waitUntil('the server complains', () => complaints.length > before);
  expect(complaints.at(-1)).toContain('Permissions Violation');
});

/** Who may publish on which lane of another node's inbox. */
const lanes: readonly [Lane, readonly string[]][] = [
  ['ctl', ['gate', 'agent', 'host']],
  ['dat', ['gate', 'agent', 'host']],
  ['ping', ['gate', 'agent', 'host']],
  ['swim', ['gate', 'agent', 'host']],
  ['pulse', ['gate', 'agent', 'host']],
  ['req', ['gate', 'host']],
  ['ord', ['host']],
];
const attempts = lanes.flatMap(([lane, allowed]) =>
  ['gate', 'agent', 'host', 'eye'].map((from) => [from, lane, allowed.includes(from)] as const),
);

it.each(attempts)('lets %s publish on the lane %s of another node: %s', async (from, lane, isAllowed) => {
  const before = complaints.length;
  const to = from === 'host' ? 'gate' : 'host';
  at(from).transport.publish(subjects.inbox(to, lane, from), Uint8Array.of(0));
  if (!isAllowed) {
    await waitUntil('the server complains', () => complaints.length > before);
    expect(complaints.at(-1)).toContain('Permissions Violation');
    return;
  }
  await at(from).transport.flush({ timeoutMs: 2_000 });
  expect(complaints.slice(before).filter((line) => line.includes('Permissions Violation'))).toEqual([]);
});
