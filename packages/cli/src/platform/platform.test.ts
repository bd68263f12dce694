import { expect, it } from 'vitest';
import { platformOf } from './platform.ts';

it('reads /proc only on Linux', () => {
  const systems = ['linux', 'darwin', 'win32', 'freebsd'];
  expect(systems.filter((name) => platformOf(name).hasProc)).toEqual(['linux']);
});

it('treats an unknown system as Unix for which no nats-server is fetched', () => {
  expect(platformOf('freebsd')).toMatchObject({
    hasProcessGroups: true,
    programSuffix: '',
    natsRelease: undefined,
  });
});

it('neither kills process groups nor reads file modes on Windows', () => {
  expect(platformOf('win32')).toMatchObject({
    hasProcessGroups: false,
    hasFileModes: false,
    programSuffix: '.exe',
  });
});
