import { expect, it } from 'vitest';
import { permissionsOf } from './permissions.ts';
import { createSubjects } from './subjects.ts';

const subjects = createSubjects('home');
const topics = ['*', '*.*', '*.*.*', '*.*.*.*'].map((topic) => `d1.home.t.${topic}.me`);

/** What each role may publish and subscribe to, one line for each part of the system. */
const all = {
  publish: [
    ...['ctl', 'dat', 'ping', 'look', 'view'].map((lane) => `d1.home.n.*.${lane}.me`),
    'd1.home.g.me',
    'd1.home.poll.me',
    '_I.*.>',
    ...topics,
    '$JS.API.STREAM.INFO.KV_SETTINGS_home',
    '$JS.API.STREAM.MSG.GET.KV_SETTINGS_home',
  ],
  subscribe: ['d1.home.t.>', 'd1.home.n.me.>', 'd1.home.poll.*', 'd1.home.feed.settings.>'],
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
];
const memoryFeeds = ['d1.home.feed.mem-standard.>', 'd1.home.feed.mem-dedicated.>'];
const additional = {
  'node-agent': ['d1.home.load.me'],
  gateway: asker,
  host: [
    ...asker,
    'd1.home.n.*.ord.me',
    'd1.home.ldr.*.me',
    'd1.home.ctl.>',
    'd1.home.ent.>',
    'd1.home.view.me',
    'd1.home.n.*.seen.me',
    '$JS.API.>',
    '$JS.ACK.>',
    '$JS.FC.>',
  ],
} as const;
const everyone = ['d1.home.g.*', 'd1.home.load.*', 'd1.home.ldr.*.*', 'd1.home.view.*', '_I.me.>'];

it.each(['node-agent', 'gateway', 'host'] as const)(
  'lets a %s publish under its own id, and nothing else',
  (role) => {
    const { publish, subscribe } = permissionsOf(subjects, 'me', [role]);
    expect(publish.toSorted()).toEqual([...all.publish, ...additional[role]].toSorted());
    const own = role === 'host' ? ['d1.home.feed.control.>'] : [];
    const feeds = role === 'node-agent' ? [] : [...memoryFeeds, ...own];
    expect(subscribe.toSorted()).toEqual([...everyone, ...all.subscribe, ...feeds].toSorted());
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
