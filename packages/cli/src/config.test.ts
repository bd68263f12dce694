import { expect, it } from 'vitest';
import { resolveUpConfig } from './config.ts';
import { type FlagTexts, resolveSettings } from './settings/resolve-settings.ts';

const environment = { XDG_DATA_HOME: '/data' };

function config(flags: FlagTexts, variables: NodeJS.ProcessEnv = environment) {
  return resolveUpConfig(resolveSettings('up', flags, variables), variables);
}

it('is complete and frozen without any option', () => {
  const resolved = config({});
  expect(resolved).toEqual({
    port: 11_500,
    portIsExplicit: false,
    host: '127.0.0.1',
    insecure: false,
    issuer: '',
    ollama: [],
    slots: 1,
    sim: undefined,
    nats: undefined,
    natsName: '--nats',
    natsServer: undefined,
    creds: undefined,
    data: '/data/drover/default',
    dataIsExplicit: false,
    durability: 'power',
    natsServers: 1,
    json: false,
    logLevel: 'warn',
    roleVariables: { gateway: {}, 'node-agent': {}, host: {} },
  });
  expect(Object.isFrozen(resolved)).toBe(true);
});

it('takes the NATS of NATS_URL unless --nats names another', () => {
  expect(config({}, { NATS_URL: 'nats://a' }).nats).toBe('nats://a');
  expect(config({ nats: ['nats://b'] }, { NATS_URL: 'nats://a' }).nats).toBe('nats://b');
});

it('treats OLLAMA_HOST as an address to try, not as a host that must exist', () => {
  expect(config({}, { OLLAMA_HOST: 'gpu-1' }).ollama).toEqual([]);
  expect(config({ ollama: ['gpu-1'] }, { OLLAMA_HOST: 'gpu-2' }).ollama).toEqual(['gpu-1']);
});

it('hands each role the settings that it takes, as its variables', () => {
  const { roleVariables } = config(
    { 'max-body': ['1GiB'], origin: ['https://a', 'https://b'] },
    { OLLAMA_KEEP_ALIVE: '300' },
  );
  expect(roleVariables).toEqual({
    gateway: { DROVER_MAX_BODY: '1GiB', DROVER_ORIGIN: 'https://a,https://b', DROVER_KEEP_ALIVE: '300s' },
    'node-agent': { DROVER_MAX_BODY: '1GiB' },
    host: {},
  });
});

it.each<[FlagTexts, string]>([
  [{ port: ['70000'] }, '--port'],
  [{ port: ['abc'] }, '--port'],
  [{ slots: ['0'] }, '--slots'],
  [{ sim: ['-1'] }, '--sim'],
  [{ durability: ['maybe'] }, '--durability'],
  [{ durability: ['any-one'] }, '--durability'],
  [{ 'nats-servers': ['2'] }, '--nats-servers'],
  [{ 'nats-servers': ['3'], nats: ['nats://a'] }, '--nats-servers'],
  [{ durability: ['power'], nats: ['nats://a'] }, '--durability'],
  [{ 'nats-server': ['/bin/nats-server'], nats: ['nats://a'] }, '--nats-server'],
  [{ creds: ['file'] }, '--creds'],
  [{ data: [' '] }, '--data'],
  [{ 'log-level': ['loud'] }, '--log-level'],
])('refuses %j by naming %s', (flags, field) => {
  expect(() => config(flags)).toThrow(
    expect.objectContaining({ exitCode: 2, message: expect.stringContaining(field) as string }) as Error,
  );
});
