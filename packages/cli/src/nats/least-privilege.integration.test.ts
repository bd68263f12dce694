import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock, systemRandom } from '@drover/actor-core';
import {
  adminJobsOf,
  connectNats,
  createSubjects,
  type Permissions,
  permissionsOf,
  tenantMemoryPermissions,
  tenantQueuePermissions,
} from '@drover/actor-core/cluster';
import { type NatsServer, startNatsServer } from '@drover/actor-core/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAuthority, mintUser, type UserIssuer } from './credentials.ts';
import { permissionsOfProcess } from './process-permissions.ts';
import { serverConfigText } from './server-config.ts';

type Bus = Awaited<ReturnType<typeof connectNats>>;

const cell = 'home';
const subjects = createSubjects(cell);
const other = 'other-9';
const groups = ['agents'];

/** Who holds a credential: the processes of `drover`, the roles of the library that differ, and a tenant. */
const holders = {
  agent: (id: string) => permissionsOfProcess(cell, id, ['node-agent']),
  gate: (id: string) => permissionsOfProcess(cell, id, ['gateway']),
  /** A host process, which also is a voter. */
  host: (id: string) => permissionsOfProcess(cell, id, ['host']),
  runner: (id: string) => permissionsOf(subjects, id, ['host'], { groups }),
  voter: (id: string) => permissionsOfProcess(cell, id, ['voter']),
  eye: (id: string) => permissionsOfProcess(cell, id, ['observer']),
  tenant: () => tenantPermissions('acme'),
} satisfies Record<string, (id: string) => Permissions>;
type Holder = keyof typeof holders;
const names = Object.keys(holders) as Holder[];

const members: readonly Holder[] = ['agent', 'gate', 'host', 'runner', 'voter'];
const hosts: readonly Holder[] = ['host', 'runner'];
const voters: readonly Holder[] = ['host', 'voter'];
const askers: readonly Holder[] = ['gate', ...hosts];
const gateways: readonly Holder[] = ['gate'];
const nobody: readonly Holder[] = [];

let server: NatsServer;
let admin: Bus;
let folder: string;
let issuer: UserIssuer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drover-least-'));
  const authority = await createAuthority(folder);
  issuer = { accountPublicKey: authority.account.publicKey, signingSeed: authority.signingSeed };
  // The port is replaced by that of the test's server. The configuration switches JetStream on.
  const place = { host: '127.0.0.1', port: 4222, storeDir: folder };
  const configuration = serverConfigText({ ...place, syncsAlways: false, authority });
  server = await startNatsServer({ configuration, jetstream: false });
  admin = await connect('admin', { publish: ['>'], subscribe: ['>'] });
});

afterAll(async () => {
  await admin.close();
  await server.dispose();
  rmSync(folder, { recursive: true, force: true });
});

function tenantPermissions(tenant: string): Permissions {
  const memory = tenantMemoryPermissions(cell, 'standard', tenant);
  const queue = tenantQueuePermissions(cell, 'standard', tenant);
  return {
    publish: [...memory.publish, ...queue.publish],
    subscribe: [...memory.subscribe, ...queue.subscribe],
  };
}

async function connect(node: string, permissions: Permissions): Promise<Bus> {
  const creds = await mintUser(issuer, node, permissions);
  const parts = { clock: systemClock, random: systemRandom, log: silentLogger };
  return connectNats({ node, servers: [server.url], creds, ...parts });
}

const idOf = (holder: Holder): string => (holder === 'tenant' ? 'tenant-acme' : `${holder}-1`);

/** One operation, and who may do it. */
type Row = readonly [subject: (me: string) => string, allowed: readonly Holder[]];

const messages: readonly Row[] = [
  ...(['ctl', 'dat', 'ping', 'swim', 'pulse'] as const).map(
    (lane): Row => [(me) => subjects.inbox(other, lane, me), members],
  ),
  [(me) => subjects.inbox(other, 'req', me), askers],
  [(me) => subjects.inbox(other, 'ord', me), hosts],
  [(me) => subjects.inspection(other, me), members],
  [(me) => subjects.viewQuestion(other, me), members],
  [(me) => subjects.leaderRequest(other, me), askers],
  [(me) => subjects.sighting(other, me), voters],
  [(me) => subjects.view(me), voters],
  ...(['presence', 'gossip', 'incarnation', 'settingsQuestion', 'poll'] as const).map(
    (own): Row => [(me) => subjects[own](me), members],
  ),
  [(me) => subjects.load(me), ['agent']],
  [(me) => subjects.adminJobs(me), ['agent']],
  [(me) => subjects.topic('news', me), members],
  [() => `_I.${other}.id`, members],
  [(me) => subjects.leader('control', me), voters],
  [(me) => subjects.election('control', other, me), voters],
  [(me) => subjects.leader('agents', me), hosts],
  [(me) => subjects.election('agents', other, me), hosts],
  [(me) => subjects.leader('unplanned', me), nobody],
  [(me) => subjects.election('unplanned', other, me), nobody],
];

/** The same messages under the id of another node. */
const forged: readonly Row[] = [
  ...(['ctl', 'dat', 'ping', 'swim', 'pulse', 'req', 'ord'] as const).map(
    (lane): Row => [() => subjects.inbox('third', lane, other), nobody],
  ),
  ...[
    subjects.inspection('third', other),
    subjects.viewQuestion('third', other),
    subjects.leaderRequest('third', other),
    subjects.sighting('third', other),
    subjects.view(other),
    subjects.presence(other),
    subjects.gossip(other),
    subjects.incarnation(other),
    subjects.settingsQuestion(other),
    subjects.poll(other),
    subjects.load(other),
    subjects.adminJobs(other),
    subjects.topic('news', other),
    subjects.leader('control', other),
    subjects.leader('agents', other),
    subjects.election('control', 'third', other),
    subjects.election('agents', 'third', other),
  ].map((subject): Row => [() => subject, nobody]),
];

const records: readonly Row[] = [
  [() => subjects.control('control', 'lead'), voters],
  [() => subjects.control('control', 'view'), voters],
  [() => subjects.control('agents', 'lead'), hosts],
  [() => subjects.control('unplanned', 'lead'), nobody],
  [() => subjects.entity(0, 'cart', 'a', 'own'), hosts],
  [() => '$KV.INC_home.other-9', hosts],
  [() => '$KV.SETTINGS_home.max-queue', askers],
  [() => '$KV.ADMINJOBS_home.a', askers],
  [() => '$KV.QUEUES_home.a', askers],
  [() => '$KV.KEYS_home.a', gateways],
  [(me) => subjects.event(me, me), askers],
  [(me) => subjects.event('third', me), hosts],
  [() => subjects.event(other, other), nobody],
  [(me) => subjects.audit(me), gateways],
  [() => subjects.audit(other), nobody],
  [(me) => subjects.signer(me), askers],
  [() => subjects.signer(other), nobody],
  [() => '$KV.MEM_home_T_standard.acme.global._.a', [...askers, 'tenant']],
  [() => '$KV.MEM_home_T_standard.rival.global._.a', askers],
  [() => '$KV.MEM_home_T_dedicated.acme.global._.a', askers],
  [() => 'd1.home.q.standard.acme.jobs.p9.a', [...askers, 'tenant']],
  [() => 'd1.home.q.standard.rival.jobs.p9.a', askers],
  [() => 'd1.home.q.dedicated.acme.jobs.p9.a', askers],
  [() => '$O.MEM_home_T_standard.C.a', askers],
  [() => '$O.files.C.a', nobody],
  [() => '$KV.MEM_away_T_standard.acme.global._.a', nobody],
  [() => 'd1.away.ctl.control.lead', nobody],
];

/** Who does what with each stream of the cluster; the last ones are no streams of it. */
const streams: readonly (readonly [
  string,
  Partial<Record<'read' | 'create' | 'remove' | 'consume', readonly Holder[]>>,
])[] = [
  ['CTL_home_G_control', { read: ['host', 'runner', 'voter'], create: voters }],
  ['CTL_home_G_agents', { read: hosts, create: hosts }],
  ['KV_INC_home', { read: hosts, create: hosts }],
  ...[
    'KV_SETTINGS_home',
    'KV_ADMINJOBS_home',
    'KV_QUEUES_home',
    'KV_MEM_home_T_standard',
    'KV_MEM_home_T_dedicated',
  ].map((name) => [name, { read: askers, create: hosts }] as const),
  ['EVT_home', { read: askers, create: hosts }],
  ['KV_KEYS_home', { read: askers, create: hosts }],
  ['AUDIT_home', { read: askers, create: hosts }],
  ...['Q_home_T_standard', 'Q_home_T_dedicated'].map(
    (name) => [name, { read: askers, create: hosts, remove: askers, consume: askers }] as const,
  ),
  ...[0, 1, 2, 3].map(
    (shard) => [`ENT_home_${shard}`, { read: hosts, create: hosts, remove: hosts }] as const,
  ),
  ...['OBJ_MEM_home_T_standard', 'OBJ_MEM_home_T_dedicated'].map(
    (name) => [name, { read: askers, create: hosts, remove: askers }] as const,
  ),
  ['CTL_home_G_unplanned', {}],
  ['CTL_away_G_control', {}],
  ['OBJ_files', {}],
];

const row = (subject: string, allowed: readonly Holder[]): Row => [() => subject, allowed];

const calls: readonly Row[] = streams.flatMap(
  ([name, { read = nobody, create = nobody, remove = nobody, consume = nobody }]): readonly Row[] => {
    const api = (operation: string, allowed: readonly Holder[]) =>
      row(`$JS.API.${operation.replace('{s}', name)}`, allowed);
    return [
      ...['STREAM.INFO.{s}', 'STREAM.MSG.GET.{s}'].map((operation) => api(operation, read)),
      ...['STREAM.CREATE.{s}', 'STREAM.UPDATE.{s}'].map((operation) => api(operation, create)),
      ...['STREAM.PURGE.{s}', 'STREAM.MSG.DELETE.{s}'].map((operation) => api(operation, remove)),
      ...[
        'CONSUMER.CREATE.{s}.c.f',
        'CONSUMER.INFO.{s}.c',
        'CONSUMER.MSG.NEXT.{s}.c',
        'CONSUMER.DELETE.{s}.c',
      ].map((operation) => api(operation, consume)),
      row(`$JS.ACK.${name}.c.1.1.1.1.0`, consume),
      ...[
        'STREAM.DELETE.{s}',
        'STREAM.SNAPSHOT.{s}',
        'STREAM.RESTORE.{s}',
        'STREAM.LEADER.STEPDOWN.{s}',
        'STREAM.PEER.REMOVE.{s}',
        'CONSUMER.CREATE.{s}',
        'CONSUMER.DURABLE.CREATE.{s}.c',
        'CONSUMER.NAMES.{s}',
        'CONSUMER.LIST.{s}',
        'CONSUMER.PAUSE.{s}.c',
        'CONSUMER.LEADER.STEPDOWN.{s}.c',
        'DIRECT.GET.{s}',
        'DIRECT.GET.{s}.a',
      ].map((operation) => api(operation, nobody)),
      row(`$JS.FC.${name}.c.a`, nobody),
    ];
  },
);

const wholeAccount: readonly Row[] = [
  [() => '$JS.API.INFO', hosts],
  ...[
    '$JS.API.STREAM.NAMES',
    '$JS.API.STREAM.LIST',
    '$JS.API.META.LEADER.STEPDOWN',
    '$JS.API.SERVER.REMOVE',
    '$JS.API.ACCOUNT.PURGE.A',
    '$SYS.REQ.SERVER.PING',
    '$SYS.REQ.USER.INFO',
    'anything',
    '_INBOX.a.b',
  ].map((subject): Row => [() => subject, nobody]),
];

const published: readonly Row[] = [...messages, ...forged, ...records, ...calls, ...wholeAccount];

it.each(names)('NATS takes from %s what the table allows, and nothing else', async (holder) => {
  const me = idOf(holder);
  const taken = new Set<string>();
  const marker = new TextEncoder().encode(JSON.stringify({ by: me }));
  const all = admin.subscribe('>', ({ subject, payload }) => {
    if (Buffer.from(payload).equals(marker)) taken.add(subject);
  });
  const bus = await connect(me, holders[holder](me));
  await admin.flush({ timeoutMs: 5_000 });
  for (const [subject] of published) expect(bus.publish(subject(me), marker)).toBe(true);
  // After both answers, the server has decided about every message, and the witness has those that it took.
  await bus.flush({ timeoutMs: 5_000 });
  await admin.flush({ timeoutMs: 5_000 });
  all.unsubscribe();
  await bus.close();
  const allowed = published.filter(([, by]) => by.includes(holder)).map(([subject]) => subject(me));
  expect([...taken].toSorted()).toEqual(allowed.toSorted());
});

/** What is subscribed to, and a message that it would receive. */
const subscribed: readonly (readonly [(me: string) => string, (me: string) => string, readonly Holder[]])[] =
  [
    [(me) => subjects.inboxOf(me), (me) => subjects.inbox(me, 'dat', other), members],
    [() => subjects.inboxOf(other), () => subjects.inbox(other, 'dat', 'third'), nobody],
    [() => 'd1.home.n.>', () => subjects.inbox(other, 'ord', 'third'), nobody],
    [(me) => `_I.${me}.>`, (me) => `_I.${me}.id.1`, names],
    [() => `_I.${other}.>`, () => `_I.${other}.id.1`, nobody],
    [() => '_I.>', () => `_I.${other}.id.2`, nobody],
    ...(['presence', 'load', 'view'] as const).map(
      (of) => [() => subjects[of]('*'), () => subjects[of](other), [...members, 'eye']] as const,
    ),
    [() => subjects.leader('*', '*'), () => subjects.leader('control', other), [...members, 'eye']],
    ...(['gossip', 'poll', 'signer'] as const).map(
      (of) => [() => subjects[of]('*'), () => subjects[of](other), members] as const,
    ),
    [() => subjects.allTopics, () => subjects.topic('news', other), members],
    ...(['incarnation', 'settingsQuestion', 'adminJobs'] as const).map(
      (of) => [() => subjects[of]('*'), () => subjects[of](other), hosts] as const,
    ),
    [(me) => subjects.election('control', me, '*'), (me) => subjects.election('control', me, other), voters],
    [(me) => subjects.election('agents', me, '*'), (me) => subjects.election('agents', me, other), hosts],
    [
      () => subjects.election('control', other, '*'),
      () => subjects.election('control', other, 'third'),
      nobody,
    ],
    [() => 'd1.home.feed.settings.>', () => 'd1.home.feed.settings.a', members],
    [() => 'd1.home.feed.keys.>', () => 'd1.home.feed.keys.a', gateways],
    [() => 'd1.home.feed.events.>', () => 'd1.home.feed.events.a', askers],
    [() => 'd1.home.feed.admin-jobs.>', () => 'd1.home.feed.admin-jobs.a', askers],
    [
      (me) => adminJobsOf('home', me),
      (me) => adminJobsOf('home', me).replace('>', 'a'),
      ['agent', ...askers],
    ],
    [() => adminJobsOf('home', other), () => adminJobsOf('home', other).replace('>', 'a'), askers],
    [() => 'd1.home.feed.control.>', () => 'd1.home.feed.control.a', ['host', 'runner', 'voter']],
    ...['mem', 'queue'].map(
      (what) =>
        [() => `d1.home.feed.${what}-standard.>`, () => `d1.home.feed.${what}-standard.a`, askers] as const,
    ),
    ...[
      ['acme', ['tenant']],
      ['rival', []],
    ].map(([tenant, by]) => {
      const memory = `d1.home.feed.mem-standard.$KV.MEM_home_T_standard.${String(tenant)}`;
      return [() => `${memory}.>`, () => `${memory}.global._.a`, [...askers, ...(by as Holder[])]] as const;
    }),
    ...[
      ['acme', ['tenant']],
      ['rival', []],
    ].map(([tenant, by]) => {
      const queue = `d1.home.feed.queue-standard.d1.home.q.standard.${String(tenant)}`;
      return [() => `${queue}.>`, () => `${queue}.jobs.p9.a`, [...askers, ...(by as Holder[])]] as const;
    }),
    [() => '$KV.>', () => '$KV.MEM_home_T_standard.acme.global._.a', nobody],
    [() => 'd1.home.ctl.>', () => subjects.control('control', 'lead'), nobody],
    [() => 'd1.home.ent.>', () => subjects.entity(0, 'cart', 'a', 'own'), nobody],
    [() => 'd1.home.q.>', () => 'd1.home.q.standard.acme.jobs.p9.a', nobody],
    [() => 'd1.>', () => 'd1.home.something', nobody],
    [() => '$JS.API.>', () => '$JS.API.STREAM.INFO.a', nobody],
    [() => '$JS.EVENT.>', () => '$JS.EVENT.ADVISORY.a', nobody],
    [() => '>', () => 'anything', nobody],
  ];

it.each(names)('NATS lets %s hear what the table allows, and nothing else', async (holder) => {
  const me = idOf(holder);
  const bus = await connect(me, holders[holder](me));
  const heard = new Set<string>();
  for (const [subject] of subscribed) bus.subscribe(subject(me), () => heard.add(subject(me)));
  await bus.flush({ timeoutMs: 5_000 });
  for (const [, message] of subscribed) admin.publish(message(me), new Uint8Array(0));
  await admin.flush({ timeoutMs: 5_000 });
  await bus.flush({ timeoutMs: 5_000 });
  await bus.close();
  const allowed = subscribed.filter(([, , by]) => by.includes(holder)).map(([subject]) => subject(me));
  expect([...heard].toSorted()).toEqual(allowed.toSorted());
});
