import { it, expect } from 'vitest';
import { evidenceOf } from '../testing/scripted-fleet.ts';
import { startScriptedGateway } from '../testing/scripted-gateway.ts';
import { lowestVersion } from './lowest-version.ts';
import { mergeRunning, mergeTags } from './merge-listings.ts';

const tag = (
  name: string,
  modified_at: string,
  size = 1,
): { name: string; digest: string; modified_at: string; size: number } => ({
  name,
  digest: 'd',
  modified_at,
  size,
});

const running = (expires_at: string): object => ({ running: [{ name: 'a:latest', expires_at }] });

const listing = (parts: object): Parameters<typeof mergeTags>[0][number] & { node: string } => ({
  node: 'host-a',
  instance: 'ollama',
  version: '1',
  tags: [],
  running: [],
  ...parts,
});

it('lists each name once with the entry of the newest copy, newest first', () => {
  const merged = mergeTags([
    listing({
      tags: [tag('a:latest', '2026-01-01T00:00:00.100000001Z', 1), tag('b:latest', '2026-01-02T00:00:00Z')],
    }),
    listing({ tags: [tag('A:latest', '2026-01-01T00:00:00.100000002Z', 2)] }),
  ]);
  expect(merged.map(({ name, size }) => [name, size])).toEqual([
    ['b:latest', 1],
    ['A:latest', 2],
  ]);
});

it('lists a running model once with the entry of the host that keeps it longest', () => {
  expect(
    mergeRunning([listing(running('2026-01-01T00:00:00Z')), listing(running('2319-01-01T00:00:00+02:00'))]),
  ).toEqual([{ name: 'a:latest', expires_at: '2319-01-01T00:00:00+02:00' }]);
});

it('orders a pre-release below its release, and compares numbers as numbers', () => {
  expect(lowestVersion(['0.33.0', '0.33.0-rc2', '0.100.1'])).toBe('0.33.0-rc2');
  expect(lowestVersion(['0.9.0', '0.33.0', ''])).toBe('0.9.0');
  expect(lowestVersion([])).toBeUndefined();
});

it('answers version, tags and models from the hosts’ listings', async () => {
  await using setup = await startScriptedGateway();
  setup.fleet.evidence = [
    evidenceOf('a', { version: '0.33.0' }),
    evidenceOf('b', { version: '0.32.1', simulated: true }),
  ];
  setup.fleet.modelListings = [listing({ tags: [tag('team/x:7b', '2026-01-01T00:00:00Z')] })];
  const version = await fetch(`${setup.url}/api/version`);
  expect(await version.json()).toEqual({ version: '0.32.1' });
  expect(version.headers.get('x-drover-simulated')).toBe('1');
  const models = await (await fetch(`${setup.url}/v1/models`)).json();
  expect(models).toEqual({
    object: 'list',
    data: [{ id: 'team/x:7b', object: 'model', created: 1_767_225_600, owned_by: 'team' }],
  });
});

it.each(['/api/tags', '/api/ps', '/api/version', '/v1/models', '/v1/models/m'])(
  'answers %s with 503 if no host is ready',
  async (path) => {
    await using setup = await startScriptedGateway();
    setup.fleet.evidence = [evidenceOf('a', { state: 'down' })];
    const response = await fetch(setup.url + path);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('2');
    expect(JSON.stringify(await response.json())).toContain('no Ollama host is ready');
  },
);
