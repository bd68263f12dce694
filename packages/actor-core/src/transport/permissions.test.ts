import { expect, it } from 'vitest';
import { permissionsOf } from './permissions.ts';
import { streamAccess } from './stream-access.ts';
import { createSubjects } from './subjects.ts';

const subjects = createSubjects('home');
const topics = ['*', '*.*', '*.*.*', '*.*.*.*'].map((topic) => `d1.home.t.${topic}.me`);

/** What each role may publish and subscribe to, one line for each part of the system. */
const all = {
  publish: [
    ...['ctl', 'dat', 'ping', 'swim', 'pulse', 'look', 'view'].map((lane) => `d1.home.n.*.${lane}.me`),
    'd1.home.g.me',
    'd1.home.swim.me',
    'd1.home.inc.me',
    'd1.home.poll.me',
    '_I.*.>',
    ...topics,
    '$JS.API.STREAM.INFO.KV_SETTINGS_home',
    '$JS.API.STREAM.MSG.GET.KV_SETTINGS_home',
  ],
  subscribe: ['d1.home.t.>', 'd1.home.n.me.>', 'd1.home.poll.*', 'd1.home.swim.*', 'd1.home.feed.settings.>'],
};
const memoryBuckets = ['MEM_home_T_standard', 'MEM_home_T_dedicated'];
const asker = [
  'd1.home.n.*.req.me',
  'd1.home.n.*.adm.me',
  '$KV.SETTINGS_home.>',
  ...memoryBuckets.flatMap((bucket) => [
    `$JS.API.STREAM.INFO.KV_${bucket}`,
    `$JS.API.STREAM.MSG.GET.KV_${bucket}`,
    `$KV.${bucket}.>`,
  ]),
  ...['standard', 'dedicated'].flatMap((tenantClass) => [
    ...['STREAM.INFO', 'STREAM.MSG.GET', 'STREAM.MSG.DELETE', 'STREAM.PURGE'].map(
      (what) => `$JS.API.${what}.Q_home_T_${tenantClass}`,
    ),
    `$JS.API.CONSUMER.CREATE.Q_home_T_${tenantClass}.>`,
    ...['INFO', 'DELETE', 'MSG.NEXT'].map((what) => `$JS.API.CONSUMER.${what}.Q_home_T_${tenantClass}.*`),
    `$JS.ACK.Q_home_T_${tenantClass}.>`,
    `d1.home.q.${tenantClass}.>`,
  ]),
  '$JS.API.STREAM.INFO.KV_QUEUES_home',
  '$JS.API.STREAM.MSG.GET.KV_QUEUES_home',
  '$KV.QUEUES_home.>',
];
const feeds = ['mem', 'queue'].flatMap((what) =>
  ['standard', 'dedicated'].map((tenantClass) => `d1.home.feed.${what}-${tenantClass}.>`),
);
const additional = {
  'node-agent': ['d1.home.load.me'],
  gateway: asker,
  host: [
    ...asker,
    'd1.home.n.*.ord.me',
    'd1.home.ldr.*.me',
    'd1.home.elc.*.*.me',
    'd1.home.ctl.>',
    'd1.home.ent.>',
    'd1.home.view.me',
    'd1.home.n.*.seen.me',
    '$JS.API.STREAM.INFO.KV_INC_home',
    '$JS.API.STREAM.MSG.GET.KV_INC_home',
    '$KV.INC_home.>',
    '$JS.API.>',
    '$JS.ACK.>',
    '$JS.FC.>',
  ],
  voter: [
    'd1.home.ldr.control.me',
    'd1.home.elc.control.*.me',
    'd1.home.ctl.control.>',
    'd1.home.view.me',
    'd1.home.n.*.seen.me',
    ...streamAccess('CTL_home_G_control', 'manage'),
  ],
};
const followed = {
  'node-agent': [],
  gateway: feeds,
  host: [...feeds, 'd1.home.feed.control.>', 'd1.home.elc.*.me.*', 'd1.home.inc.*'],
  voter: ['d1.home.feed.control.>', 'd1.home.elc.control.me.*'],
};
const everyone = ['d1.home.g.*', 'd1.home.load.*', 'd1.home.ldr.*.*', 'd1.home.view.*', '_I.me.>'];

it.each(['node-agent', 'gateway', 'host', 'voter'] as const)(
  'lets a %s publish under its own id, and nothing else',
  (role) => {
    const { publish, subscribe } = permissionsOf(subjects, 'me', [role]);
    expect(publish.toSorted()).toEqual([...all.publish, ...additional[role]].toSorted());
    expect(subscribe.toSorted()).toEqual([...everyone, ...all.subscribe, ...followed[role]].toSorted());
  },
);

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
