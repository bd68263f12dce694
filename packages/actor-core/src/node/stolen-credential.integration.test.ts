import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../clock/system-clock.ts';
import { type Control, startControl } from '../control/start-control.ts';
import type { Leadership } from '../leadership/leadership.ts';
import { encodeElection, encodeLeader } from '../leadership/group-messages.ts';
import { joinLeadership } from '../leadership/join-leadership.ts';
import { type Logger, silentLogger } from '../logger.ts';
import { encodeAnnouncement } from '../membership/announcement.ts';
import type { Rumour, SwimMessage } from '../membership/swim/swim-message.ts';
import { encodeSwim } from '../membership/swim/swim-codec.ts';
import { encodeAnnouncedView } from '../membership/view/view-codec.ts';
import { systemRandom } from '../random/system-random.ts';
import { type NatsServer, startNatsServer } from '../testing/nats-server.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { connectNats } from '../transport/connect-nats.ts';
import { permissionsOf } from '../transport/permissions.ts';
import type { Role } from '../transport/roles.ts';
import { createSubjects } from '../transport/subjects.ts';
import type { HeaderTransport } from '../transport/transport.ts';
import type { ClusterNode } from './cluster-node.ts';
import { joinCluster } from './join-cluster.ts';

const subjects = createSubjects('test');
const group = 'g';
const victims = ['host', 'gate'];
const huge = Number.MAX_SAFE_INTEGER - 1;
const refusals: string[] = [];
const states: string[] = [];
const nodes = new Map<string, ClusterNode>();
let server: NatsServer;
let control: Control;
let leadership: Leadership;
/** Holds the credential of the node-agent `agent`. */
let thief: HeaderTransport;

const at = (nodeId: string): ClusterNode => nodes.get(nodeId) as ClusterNode;

beforeAll(async () => {
  const roles: Record<string, readonly Role[]> = {
    host: ['host', 'voter'],
    gate: ['gateway'],
    agent: ['node-agent'],
  };
  const users = Object.entries(roles).map(([user, allowed]) => ({
    user,
    password: user,
    permissions: permissionsOf(subjects, user, allowed, { groups: [group] }),
  }));
  server = await startNatsServer({ configuration: `authorization { users: ${JSON.stringify(users)} }` });
  for (const nodeId of victims) {
    const nats = { servers: server.url, user: nodeId, pass: nodeId };
    const own = [roles[nodeId]?.[0] as Role];
    const who = { nodeId, roles: own, cell: 'test', pid: process.pid, metadata: { version: '1' } };
    nodes.set(nodeId, await joinCluster({ ...who, nats, log: silentLogger }));
  }
  control = startControl(at('host'));
  leadership = joinLeadership(at('host'), { group });
  at('gate').view.onChange(({ members }) => {
    for (const { id, state } of members) if (victims.includes(id)) states.push(`${id} ${state}`);
  });
  await waitUntil('host leads, and all are in the view', () => leadsAndSees());
  const log: Logger = {
    ...silentLogger,
    warn: (fields) => void refusals.push(String((fields as { err?: unknown }).err)),
  };
  const parts = { clock: systemClock, random: systemRandom, log };
  thief = await connectNats({ node: 'agent', servers: [server.url], user: 'agent', pass: 'agent', ...parts });
});

afterAll(async () => {
  await thief.close();
  await leadership.resign();
  await control.stop();
  await Promise.all([...nodes.values()].map((node) => node.leave()));
  await server.dispose();
});

function leadsAndSees(): boolean {
  const seen =
    at('gate')
      .view.current()
      ?.members.map(({ id }) => id) ?? [];
  return leadership.tenure() !== undefined && victims.every((id) => seen.includes(id));
}

/** The cluster answers: the view names the victims, the leader writes under the tenure that it had. */
async function expectUnharmed(): Promise<void> {
  await waitUntil('the victims reach each other', () =>
    victims.every((one) =>
      at(one)
        .presence.members()
        .every(({ node, state }) => !victims.includes(node) || state === 'alive'),
    ),
  );
  expect(states.filter((state) => !state.endsWith(' up'))).toEqual([]);
  const { storage } = at('host');
  const tenure = leadership.tenure();
  if (tenure === undefined) throw new Error('nobody leads');
  expect(
    await tenure.write({ subject: subjects.control(group, 'ok'), payload: new Uint8Array(1) }),
  ).toMatchObject({
    kind: 'written',
  });
  expect((await storage.log.readLast('CTL_test_G_g', subjects.control(group, 'ok')))?.payload).toHaveLength(
    1,
  );
}

const text = (value: object) => new TextEncoder().encode(JSON.stringify(value));
const rumour = (node: string, status: Rumour['status'], incarnation: number, refutation: number): Rumour => ({
  node,
  incarnation,
  refutation,
  status,
  accuser: 'agent',
});
const swim = (rumours: readonly Rumour[], message: SwimMessage, incarnation = 5) => {
  const self = { incarnation, refutation: 0, metadataVersion: 1, lagMs: 0 };
  return encodeSwim({ self, rumours, message });
};
const heartbeat = () =>
  encodeLeader({
    kind: 'heartbeat',
    term: huge,
    fence: huge,
    incarnation: huge,
    isResigning: false,
    sentAtMs: 0,
    handsOverTo: 'agent',
  });
const fakeView = () =>
  encodeAnnouncedView({ fence: huge, epoch: huge, digest: 1, incarnation: 5, changes: undefined });

it('NATS refuses every attack on leaders, votes, the view and the streams, and the victims do not notice', async () => {
  const before = leadership.current();
  const { storage } = at('host');
  const logs = ['CTL_test_G_g', 'CTL_test_G_control', 'KV_INC_test'];
  const created = await Promise.all(logs.map(async (log) => (await storage.log.info(log)).created));
  const attacks: readonly (readonly [string, Uint8Array])[] = [
    ...[group, 'control'].flatMap((one) => [
      [subjects.leader(one, 'agent'), heartbeat()] as const,
      [subjects.leader(one, 'host'), heartbeat()] as const,
      [
        subjects.election(one, 'host', 'agent'),
        encodeElection({ kind: 'vote', term: huge, isTransfer: true }),
      ] as const,
      [subjects.control(one, 'lead'), text({})] as const,
    ]),
    [subjects.view('agent'), fakeView()],
    [subjects.view('host'), fakeView()],
    [subjects.sighting('gate', 'agent'), text({})],
    [subjects.leaderRequest('host', 'agent'), text({ action: 'leave', node: 'gate' })],
    [subjects.inbox('gate', 'swim', 'host'), swim([], { kind: 'leave' }, huge)],
    [subjects.gossip('host'), swim([], { kind: 'leave' }, huge)],
    [subjects.presence('host'), text({})],
    ['$KV.INC_test.host', text({})],
    ...logs.flatMap((log) =>
      ['INFO', 'MSG.GET', 'PURGE', 'DELETE', 'UPDATE', 'MSG.DELETE', 'SNAPSHOT'].map(
        (what) => [`$JS.API.STREAM.${what}.${log}`, text({ name: log, seq: 1 })] as const,
      ),
    ),
  ];
  for (const [subject, payload] of attacks) expect(thief.publish(subject, payload)).toBe(true);
  thief.subscribe('_I.host.>', () => undefined);
  thief.subscribe(subjects.inboxOf('gate'), () => undefined);
  await waitUntil('NATS refused all of it', () => refusals.length === attacks.length + 2);
  expect(refusals.every((refusal) => refusal.includes('Permissions Violation'))).toBe(true);
  expect(await Promise.all(logs.map(async (log) => (await storage.log.info(log)).created))).toEqual(created);
  expect(leadership.current()).toEqual(before);
  await expectUnharmed();
});

it('what NATS lets through, under the own id of the thief, ends no node and moves no leader', async () => {
  const before = leadership.current();
  const host = at('host');
  const { incarnation } = host;
  const { lastSequence } = await host.storage.log.info('CTL_test_G_control');
  refusals.length = 0;
  const lies: readonly Uint8Array[] = [
    ...(['suspect', 'unreachable', 'left'] as const).flatMap((status) => [
      swim([rumour('host', status, incarnation, 0)], { kind: 'gossip' }),
      swim([rumour('host', status, huge, huge), rumour('gate', status, huge, 0)], { kind: 'gossip' }),
      swim([], {
        kind: 'digest',
        isReply: true,
        entries: [{ node: 'host', incarnation: huge, refutation: 0, status, metadataVersion: huge }],
      }),
    ]),
    swim([], { kind: 'nack', sequence: 1, target: 'host' }),
    swim([], { kind: 'gossip' }, huge),
  ];
  const announced = encodeAnnouncement({
    incarnation: huge,
    pid: 1,
    roles: ['host', 'voter', 'gateway'],
    lagMs: 0,
    left: false,
    metadata: { version: 'x'.repeat(2_000) },
  });
  const garbage = [
    new Uint8Array(0),
    Uint8Array.of(0xc1),
    new Uint8Array(60_000).fill(0x91),
    heartbeat(),
    fakeView(),
  ];
  for (const to of victims)
    for (const payload of [...lies, ...garbage]) thief.publish(subjects.inbox(to, 'swim', 'agent'), payload);
  for (const payload of [...lies, ...garbage, announced]) {
    thief.publish(subjects.gossip('agent'), payload);
    thief.publish(subjects.presence('agent'), payload);
  }
  for (const payload of [...garbage, announced])
    for (const subject of [
      ...victims.flatMap((to) => [
        ...(['ctl', 'dat', 'ping', 'pulse'] as const).map((lane) => subjects.inbox(to, lane, 'agent')),
        subjects.inspection(to, 'agent'),
        subjects.viewQuestion(to, 'agent'),
        `_I.${to}.guess`,
      ]),
      subjects.load('agent'),
      subjects.poll('agent'),
      subjects.topic('news', 'agent'),
    ])
      thief.publish(subject, payload);
  // Every answer that a victim would publish for the thief on its own subjects.
  for (const question of [
    subjects.incarnation('agent'),
    subjects.viewQuestion('host', 'agent'),
    subjects.inbox('host', 'ping', 'agent'),
  ])
    for (const reply of [
      subjects.control('control', 'lead'),
      subjects.control(group, 'lead'),
      subjects.leader(group, 'host'),
    ])
      thief.publishWithHeaders(question, Uint8Array.of(0x92, 1, 1), { reply });
  await thief.flush({ timeoutMs: 5_000 });
  await Promise.all(victims.map((id) => at(id).transport.flush({ timeoutMs: 5_000 })));
  await expectUnharmed();
  expect(leadership.current()).toEqual(before);
  expect(refusals).toEqual([]);
  // The streams have what the control leader wrote about the members, and no foreign record.
  const { records } = await host.storage.log.readForward('CTL_test_G_control', { from: lastSequence + 1 });
  expect(records.filter(({ subject }) => !subject.endsWith('.view'))).toEqual([]);
  const ends = victims.map((id) => at(id).system.terminated.then(() => `${id} ended`));
  expect(await Promise.race([...ends, at('gate').transport.flush({ timeoutMs: 5_000 })])).toBeUndefined();
});
