import { expect, it } from 'vitest';
import { permissionsOf } from './permissions.ts';
import { createSubjects } from './subjects.ts';

const subjects = createSubjects('home');
const topics = ['*', '*.*', '*.*.*', '*.*.*.*'].map((topic) => `d1.home.t.${topic}.me`);
const member = {
  publish: [
    'd1.home.n.*.look.me',
    'd1.home.n.*.view.me',
    'd1.home.g.me',
    'd1.home.poll.me',
    '_I.*.>',
    ...topics,
  ],
  subscribe: ['d1.home.t.>', 'd1.home.n.me.>', 'd1.home.poll.*'],
};
const everyone = ['d1.home.g.*', 'd1.home.load.*', 'd1.home.ldr.*.*', 'd1.home.view.*', '_I.me.>'];
const lanes = (...names: string[]) => names.map((lane) => `d1.home.n.*.${lane}.me`);

it.each([
  ['node-agent', [...lanes('ctl', 'dat', 'ping'), ...member.publish, 'd1.home.load.me']],
  ['gateway', [...lanes('ctl', 'dat', 'ping', 'req'), ...member.publish, 'd1.home.n.*.adm.me']],
  [
    'host',
    [
      ...lanes('ctl', 'dat', 'ping', 'req', 'ord'),
      ...member.publish,
      'd1.home.n.*.adm.me',
      'd1.home.ldr.*.me',
      'd1.home.view.me',
      'd1.home.n.*.seen.me',
      'd1.home.ctl.>',
      '$JS.API.>',
      '$JS.ACK.>',
      '$JS.FC.>',
    ],
  ],
] as const)('lets a %s publish under its own id, and nothing else', (role, publish) => {
  expect(permissionsOf(subjects, 'me', [role])).toEqual({
    publish,
    subscribe: [...everyone, ...member.subscribe],
  });
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
