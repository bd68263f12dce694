import { expect, it } from 'vitest';
import { compareVersions, isSupportedVersion, parseVersion } from './version.ts';

it.each([
  ['nats-server: v2.15.1', '2.15.1'],
  ['nats-server: v2.14.4-RC.2', '2.14.4'],
  ['2.10.27', '2.10.27'],
  ['nats-server: dev', undefined],
  ['', undefined],
])('reads %j as %j', (text, version) => {
  expect(parseVersion(text)).toBe(version);
});

it('compares numbers, not texts', () => {
  expect(compareVersions('2.9.30', '2.14.4')).toBeLessThan(0);
  expect(compareVersions('2.14.4', '2.14.4')).toBe(0);
  expect(compareVersions('3.0.0', '2.99.99')).toBeGreaterThan(0);
});

it('supports 2.14.4 and later', () => {
  expect(['2.10.27', '2.14.3', '2.14.4', '2.15.1'].map(isSupportedVersion)).toEqual([
    false,
    false,
    true,
    true,
  ]);
});
