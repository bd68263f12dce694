import { expect, it } from 'vitest';
import { resolveUpConfig, type UpOptions } from './config.ts';

const environment = { XDG_DATA_HOME: '/data' };

it('is complete and frozen without any option', () => {
  const config = resolveUpConfig({}, environment);
  expect(config).toEqual({
    port: 11_500,
    portIsExplicit: false,
    host: '127.0.0.1',
    ollama: [],
    slots: 1,
    sim: undefined,
    nats: undefined,
    creds: undefined,
    data: '/data/drover/default',
    dataIsExplicit: false,
    durability: 'power',
    json: false,
    logLevel: 'warn',
  });
  expect(Object.isFrozen(config)).toBe(true);
});

it('takes the NATS of NATS_URL unless --nats names another', () => {
  expect(resolveUpConfig({}, { NATS_URL: 'nats://a' }).nats).toBe('nats://a');
  expect(resolveUpConfig({ nats: 'nats://b' }, { NATS_URL: 'nats://a' }).nats).toBe('nats://b');
});

it.each<[UpOptions, string]>([
  [{ port: 70_000 }, '--port'],
  [{ port: Number.NaN }, '--port'],
  [{ slots: 0 }, '--slots'],
  [{ sim: -1 }, '--sim'],
  [{ durability: 'maybe' }, '--durability'],
  [{ durability: 'power', nats: 'nats://a' }, '--durability'],
  [{ creds: 'file' }, '--creds'],
  [{ data: ' ' }, '--data'],
  [{ logLevel: 'loud' }, '--log-level'],
  [{ prot: 1 } as UpOptions, 'prot'],
])('refuses %j by naming %s', (options, field) => {
  expect(() => resolveUpConfig(options, environment)).toThrow(
    expect.objectContaining({ exitCode: 2, message: expect.stringContaining(field) as string }) as Error,
  );
});
