import { expect, it } from 'vitest';
import { permissionsOf } from './permissions.ts';
import { createSubjects } from './subjects.ts';

const subjects = createSubjects('home');
const plan = { groups: ['agents'], entityShards: 2, blobBuckets: ['files'] };
const topics = ['*', '*.*', '*.*.*', '*.*.*.*'].map((topic) => `d1.home.t.${topic}.me`);
const classes = ['standard', 'dedicated'];

const reading = (stream: string) => ['INFO', 'MSG.GET'].map((what) => `$JS.API.STREAM.${what}.${stream}`);
const creating = (stream: string) => ['CREATE', 'UPDATE'].map((what) => `$JS.API.STREAM.${what}.${stream}`);
const removing = (stream: string) =>
  ['PURGE', 'MSG.DELETE'].map((what) => `$JS.API.STREAM.${what}.${stream}`);
const consuming = (stream: string) => [
  `$JS.API.CONSUMER.CREATE.${stream}.>`,
  ...['INFO', 'DELETE', 'MSG.NEXT'].map((what) => `$JS.API.CONSUMER.${what}.${stream}.*`),
  `$JS.ACK.${stream}.>`,
];
const writing = (bucket: string) => [...reading(`KV_${bucket}`), `$KV.${bucket}.>`];

/** What each role may publish and subscribe to, one line for each part of the system. */
const all = {
  publish: [
    ...['ctl', 'dat', 'ping', 'swim', 'pulse', 'look', 'view'].map((lane) => `d1.home.n.*.${lane}.me`),
    ...['g', 'swim', 'inc', 'set', 'poll'].map((plane) => `d1.home.${plane}.me`),
    '_I.*.>',
    ...topics,
  ],
  subscribe: [
    'd1.home.t.>',
    'd1.home.n.me.>',
    'd1.home.poll.*',
    'd1.home.swim.*',
    'd1.home.sig.*',
    'd1.home.feed.settings.>',
  ],
};
const sharedBuckets = [
  ...classes.map((one) => `MEM_home_T_${one}`),
  'SETTINGS_home',
  'ADMINJOBS_home',
  'QUEUES_home',
];
const memoryBlobs = classes.map((one) => `OBJ_MEM_home_T_${one}`);
const queues = classes.map((one) => `Q_home_T_${one}`);
const asker = [
  'd1.home.n.*.req.me',
  'd1.home.n.*.adm.me',
  'd1.home.n.*.mem.me',
  'd1.home.sig.me',
  ...sharedBuckets.flatMap(writing),
  ...queues.flatMap((stream) => [...reading(stream), ...removing(stream), ...consuming(stream)]),
  ...classes.map((one) => `d1.home.q.${one}.>`),
  ...memoryBlobs.flatMap((stream) => [...reading(stream), ...removing(stream)]),
  ...classes.map((one) => `$O.MEM_home_T_${one}.>`),
  ...reading('EVT_home'),
];
const ownStreams = ['ENT_home_0', 'ENT_home_1', 'OBJ_files'];
const feeds = [
  ...['mem', 'queue'].flatMap((what) => classes.map((one) => `d1.home.feed.${what}-${one}.>`)),
  'd1.home.feed.admin-jobs.>',
  'd1.home.feed.events.>',
];
const additional = {
  'node-agent': ['d1.home.load.me', 'd1.home.job.me'],
  gateway: [
    ...asker,
    ...writing('KEYS_home'),
    ...writing('KEPT_home'),
    ...reading('QUOTA_home'),
    'd1.home.quo.me',
    'd1.home.evt.me.me',
    ...writing('USAGE_home'),
    ...reading('AUDIT_home'),
    'd1.home.aud.me',
  ],
  host: [
    ...asker,
    'd1.home.n.*.ord.me',
    'd1.home.ldr.agents.me',
    'd1.home.elc.agents.*.me',
    ...reading('CTL_home_G_control'),
    'd1.home.ctl.agents.>',
    ...reading('CTL_home_G_agents'),
    'd1.home.ent.0.>',
    'd1.home.ent.1.>',
    '$O.files.>',
    'd1.home.evt.*.me',
    ...creating('EVT_home'),
    ...ownStreams.flatMap((stream) => [...reading(stream), ...removing(stream)]),
    ...writing('INC_home'),
    ...writing('USAGE_home'),
    ...creating('KV_USAGE_home'),
    ...['QUOTA_home', 'KV_KEYS_home', 'KV_KEPT_home'].flatMap((log) => [...reading(log), ...creating(log)]),
    ...reading('AUDIT_home'),
    ...creating('AUDIT_home'),
    ...[...sharedBuckets, 'INC_home'].flatMap((bucket) => creating(`KV_${bucket}`)),
    ...[...queues, ...memoryBlobs, ...ownStreams, 'CTL_home_G_agents'].flatMap(creating),
    '$JS.API.INFO',
  ],
  voter: [
    'd1.home.ldr.control.me',
    'd1.home.elc.control.*.me',
    'd1.home.ctl.control.>',
    ...reading('CTL_home_G_control'),
    ...creating('CTL_home_G_control'),
    'd1.home.view.me',
    'd1.home.n.*.seen.me',
  ],
};
const followed = {
  'node-agent': ['d1.home.feed.admin-jobs.$KV.ADMINJOBS_home.me.>'],
  gateway: [...feeds, 'd1.home.feed.keys.>', 'd1.home.feed.quota.>'],
  host: [
    ...feeds,
    'd1.home.feed.control.>',
    'd1.home.elc.agents.me.*',
    'd1.home.inc.*',
    'd1.home.set.*',
    'd1.home.job.*',
  ],
  voter: ['d1.home.feed.control.>', 'd1.home.elc.control.me.*'],
};
const everyone = ['d1.home.g.*', 'd1.home.load.*', 'd1.home.ldr.*.*', 'd1.home.view.*', '_I.me.>'];

it.each(['node-agent', 'gateway', 'host', 'voter'] as const)(
  'lets a %s publish under its own id and use its own streams, and nothing else',
  (role) => {
    const { publish, subscribe } = permissionsOf(subjects, 'me', [role], plan);
    expect(publish.toSorted()).toEqual([...all.publish, ...additional[role]].toSorted());
    expect(subscribe.toSorted()).toEqual([...everyone, ...all.subscribe, ...followed[role]].toSorted());
  },
);

it('lets no node-agent use a stream', () => {
  const { publish } = permissionsOf(subjects, 'me', ['node-agent'], plan);
  expect(publish.filter((subject) => subject.startsWith('$'))).toEqual([]);
});

it.each([
  ['a group with a wildcard', { groups: ['*'] }, 'plan.groups'],
  ['the group that voters lead', { groups: ['control'] }, 'plan.groups'],
  ['a bucket of blobs with a dot', { blobBuckets: ['a.b'] }, 'plan.blobBuckets'],
  ['a number of shards below 0', { entityShards: -1 }, 'plan.entityShards'],
])('refuses %s', (_what, refused, argument) => {
  expect(() => permissionsOf(subjects, 'me', ['host'], refused)).toThrow(
    expect.objectContaining({ argument }),
  );
});

it('lets an observer publish nothing', () => {
  expect(permissionsOf(subjects, 'me', ['observer'])).toEqual({ publish: [], subscribe: everyone });
});

it('lets a node of several roles do what each of them may do, each subject once', () => {
  const { publish } = permissionsOf(subjects, 'me', ['gateway', 'node-agent', 'observer']);
  expect(new Set(publish)).toEqual(
    new Set([
      ...permissionsOf(subjects, 'me', ['gateway']).publish,
      ...permissionsOf(subjects, 'me', ['node-agent']).publish,
    ]),
  );
  expect(publish).toHaveLength(new Set(publish).size);
});
