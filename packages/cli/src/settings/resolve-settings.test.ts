import { describe, expect, it } from 'vitest';
import { effectiveSettings } from './effective-settings.ts';
import { packageConfigs } from './package-configs.ts';
import {
  type FlagTexts,
  resolveSettings,
  settingsFilePath,
  type StatedSettings,
} from './resolve-settings.ts';
import type { Taker } from './setting.ts';
import { parseSettingsFile } from './settings-file.ts';

interface Said {
  readonly taker?: Taker | 'all';
  readonly flags?: FlagTexts;
  readonly variables?: NodeJS.ProcessEnv;
  readonly file?: string;
}

function stated({ taker = 'up', flags = {}, variables = {}, file }: Said): StatedSettings {
  const path = 'drover.yaml';
  const read = file === undefined ? undefined : { path, entries: parseSettingsFile(path, file) };
  return resolveSettings(taker, flags, variables, read);
}

describe('the source of a setting', () => {
  const file = 'keep-alive: 1m';
  const variables = { DROVER_KEEP_ALIVE: '2m', OLLAMA_KEEP_ALIVE: '3m' };
  const flags = { 'keep-alive': ['4m'] };

  it.each<[string, Said, string]>([
    ["another program's variable", { variables: { OLLAMA_KEEP_ALIVE: '3m' } }, '3m'],
    ["the file before another program's variable", { file, variables: { OLLAMA_KEEP_ALIVE: '3m' } }, '1m'],
    ['the variable before the file', { file, variables }, '2m'],
    ['the flag before all', { file, variables, flags }, '4m'],
  ])('is %s', (_, said, value) => {
    expect(stated(said).text('keep-alive')).toBe(value);
  });

  it('may be a file that a variable names, unless a flag names one', () => {
    expect(settingsFilePath({}, { DROVER_CONFIG: 'a.yaml' })).toBe('a.yaml');
    expect(settingsFilePath({ config: ['b.yaml'] }, { DROVER_CONFIG: 'a.yaml' })).toBe('b.yaml');
    expect(settingsFilePath({}, { DROVER_CONFIG: '' })).toBeUndefined();
  });
});

it('checks keys of the file that are for other commands, and ignores them', () => {
  expect(
    stated({ taker: 'host', file: 'port: 8080\nmax-agents: 5' }).all.map(({ setting }) => setting.key),
  ).toEqual(['max-agents']);
  expect(() => stated({ taker: 'host', file: 'port: many' })).toThrow(
    'drover.yaml:1: port must be a whole number',
  );
});

it.each<[NodeJS.ProcessEnv, string]>([
  [{ DROVER_PROT: '1' }, 'DROVER_PROT is no setting of drover (did you mean DROVER_PORT?)'],
  [{ DROVER_DRAIN_MS: '1' }, 'DROVER_DRAIN_MS is no setting of drover'],
  [
    { DROVER_MAX_BODY: '64' },
    'DROVER_MAX_BODY must be a size such as 512KiB or 64MiB, got 64: a number needs its unit',
  ],
  [{ OLLAMA_KEEP_ALIVE: 'soon' }, 'OLLAMA_KEEP_ALIVE must be a duration'],
])('refuses %j by its name', (variables, message) => {
  expect(() => stated({ variables })).toThrow(
    expect.objectContaining({ exitCode: 2, message: expect.stringContaining(message) as string }) as Error,
  );
});

it('ignores the variables that Kubernetes sets for a service named drover', () => {
  const variables = {
    DROVER_SERVICE_HOST: '10.0.0.7',
    DROVER_SERVICE_PORT: '11500',
    DROVER_SERVICE_PORT_HTTP: '11500',
    DROVER_PORT: 'tcp://10.0.0.7:11500',
    DROVER_PORT_11500_TCP: 'tcp://10.0.0.7:11500',
    DROVER_PORT_11500_TCP_ADDR: '10.0.0.7',
    DROVER_GATEWAY_SERVICE_HOST: '10.0.0.8',
  };
  expect(stated({ variables }).all).toEqual([]);
});

describe("another program's variable", () => {
  it('has the same meaning as for Ollama', () => {
    const variables = { OLLAMA_ORIGINS: '"https://a.example,http://*.lan"', OLLAMA_KEEP_ALIVE: '300' };
    const found = stated({ taker: 'gateway', variables });
    expect(found.list('origin')).toEqual(['https://a.example', 'http://*.lan']);
    expect(found.text('keep-alive')).toBe('300s');
  });

  it('is read only by the commands that it concerns', () => {
    expect(stated({ taker: 'gateway', variables: { OLLAMA_HOST: 'gpu', NATS_URL: 'nats://a' } }).all).toEqual(
      [],
    );
    expect(stated({ taker: 'node-agent', variables: { OLLAMA_HOST: 'gpu' } }).list('ollama')).toEqual([
      'gpu',
    ]);
  });
});

describe('the configurations of the packages', () => {
  it('have the stated values, in the units of the packages', () => {
    const configs = packageConfigs(
      stated({
        flags: {
          'max-body': ['128MiB'],
          'max-streams': ['2000'],
          origin: ['https://a'],
          'allowed-host': ['b'],
          'request-timeout': ['20m'],
          'inter-token-timeout': ['90s'],
          'first-byte-timeout': ['30m'],
          'nats-connect-timeout': ['3s'],
          'max-agents': ['7'],
        },
      }),
    );
    expect(configs.gateway).toMatchObject({
      maxBodyBytes: 134_217_728,
      maxConcurrentRequests: 2_000,
      origins: ['https://a'],
      allowedHosts: ['b'],
      requestTimeoutMs: 1_200_000,
      interTokenTimeoutMs: 90_000,
      firstByteTimeoutMs: 1_800_000,
    });
    expect(configs.nodeAgent).toEqual({ maxBodyBytes: 134_217_728 });
    expect(configs.fleet).toEqual({ requestTimeoutMs: 1_200_000 });
    expect(configs.agents).toEqual({ maxAgents: 7 });
    expect(configs.natsConnectTimeoutMs).toBe(3_000);
  });

  it('name contradicting settings as the user wrote them', () => {
    expect(() => packageConfigs(stated({ file: 'max-held: 1MiB' }))).toThrow(
      'drover.yaml:1: max-held must not be below max-body',
    );
    expect(() => packageConfigs(stated({ variables: { DROVER_PROBE_TIMEOUT: '1m' } }))).toThrow(
      'DROVER_PROBE_TIMEOUT must not exceed probe-interval',
    );
    expect(() => packageConfigs(stated({ flags: { 'task-timeout': ['2h'] } }))).toThrow(
      /^--task-timeout must not be above max-task-timeout$/,
    );
    expect(() => packageConfigs(stated({ flags: { origin: ['*a*'] } }))).toThrow(
      '--origin may have one * each',
    );
  });
});

describe('the effective settings', () => {
  const said: Said = {
    taker: 'all',
    file: 'max-body: 128MiB',
    variables: { DROVER_SLOTS: '4', OLLAMA_ORIGINS: 'https://a', DROVER_CREDS_TEXT: 'top secret' },
    flags: {
      nats: ['nats://me:hunter2@bus:4222'],
      ollama: ['https://me:hunter2@gpu,http://other', 'http://me:hun,ter2@gpu2', 'me:hunter2@gpu3'],
    },
  };
  const lines = effectiveSettings(stated(said));
  const line = (key: string) => lines.find((one) => one.key === key);

  it('have each value with its source', () => {
    expect(line('max-body')).toEqual({
      key: 'max-body',
      value: '128MiB',
      source: 'file',
      at: 'drover.yaml:1',
    });
    expect(line('slots')).toEqual({ key: 'slots', value: '4', source: 'variable', at: 'DROVER_SLOTS' });
    expect(line('origin')).toEqual({
      key: 'origin',
      value: 'https://a',
      source: 'variable',
      at: 'OLLAMA_ORIGINS',
    });
    expect(line('max-line')).toEqual({ key: 'max-line', value: '64MiB', source: 'default', at: '' });
    expect(line('creds')).toEqual({ key: 'creds', value: null, meaning: 'none', source: 'default', at: '' });
  });

  it('include a default that depends on another setting', () => {
    const grown = effectiveSettings(stated({ taker: 'all', flags: { 'max-body': ['1GiB'] } }));
    expect(grown.find(({ key }) => key === 'max-held')).toMatchObject({ value: '2GiB', source: 'default' });
  });

  it('show no secret', () => {
    expect(line('creds-text')?.value).toBe('(masked)');
    expect(line('nats')?.value).toBe('nats://(masked)@bus:4222');
    expect(line('ollama')?.value).toBe(
      'https://(masked)@gpu,http://other,http://(masked)@gpu2,(masked)@gpu3',
    );
    expect(JSON.stringify(lines)).not.toMatch(/hun|ter2|top secret/);
  });
});
