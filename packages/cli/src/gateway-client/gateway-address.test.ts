import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { writeLocalKey } from '../keys/keys-file.ts';
import { resolveSettings } from '../settings/resolve-settings.ts';
import { findGateway } from './gateway-address.ts';

const home = { XDG_DATA_HOME: '/home' };
const clusters: Record<string, { gatewayUrl: string }> = {
  '/home/drover/default': { gatewayUrl: 'http://127.0.0.1:11501' },
  '/other': { gatewayUrl: 'http://127.0.0.1:11502' },
};

function found(flags: Record<string, string[]>, variables: NodeJS.ProcessEnv = {}, mustRun = true) {
  const environment = { ...home, ...variables };
  const stated = resolveSettings('look', flags, environment);
  return findGateway(stated, environment, { mustRun }, (dataDir) => clusters[dataDir]);
}

function keyOf(flags: Record<string, string[]>, variables: NodeJS.ProcessEnv = {}): string | undefined {
  const environment = { ...home, ...variables };
  const stated = resolveSettings('look', flags, environment);
  return findGateway(stated, environment, { mustRun: false }, () => undefined).key;
}

describe('the gateway that a command asks', () => {
  it('is the one named by --url, then by DROVER_URL', () => {
    expect(found({ url: ['http://a'], data: ['/other'] }, { DROVER_URL: 'http://b' })).toEqual({
      url: 'http://a',
      origin: 'from --url',
    });
    expect(found({}, { DROVER_URL: 'http://b' })).toEqual({ url: 'http://b', origin: 'from DROVER_URL' });
  });

  it('is that of the drover up with the data folder that was named', () => {
    expect(found({ data: ['/other'] })).toEqual({
      url: 'http://127.0.0.1:11502',
      origin: 'of the drover up with the data folder /other',
    });
    expect(found({}, { DROVER_DATA: '/other' }).url).toBe('http://127.0.0.1:11502');
  });

  it('is that of the drover up with the default data folder, whatever its port', () => {
    expect(found({}).url).toBe('http://127.0.0.1:11501');
  });

  it('is at the default address where no drover up runs', () => {
    expect(found({}, { XDG_DATA_HOME: '/empty' })).toEqual({
      url: 'http://127.0.0.1:11500',
      origin: 'the default, since no drover up runs with /empty/drover/default',
    });
  });

  it('is only that of the data folder that was named', () => {
    expect(() => found({ data: ['/nothing'] })).toThrow(
      'no drover up runs with the data folder /nothing (from --data)',
    );
    expect(found({ data: ['/nothing'] }, {}, false).url).toBe('http://127.0.0.1:11500');
  });
});

describe('the key that a command sends', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
  const folderWithKey = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'drover-address-'));
    folders.push(folder);
    writeLocalKey(folder, 'local-key');
    return folder;
  };

  it('is that of --key, then of DROVER_KEY, then of the data folder', () => {
    const data = folderWithKey();
    const variables = { DROVER_KEY: 'of-variable', DROVER_DATA: data };
    expect(keyOf({ key: ['of-flag'] }, variables)).toBe('of-flag');
    expect(keyOf({}, variables)).toBe('of-variable');
    expect(keyOf({}, { DROVER_DATA: data })).toBe('local-key');
    expect(keyOf({})).toBeUndefined();
  });

  it('is read from a file that --key names', () => {
    const file = join(folderWithKey(), 'ci.key');
    writeFileSync(file, 'of-file\n');
    expect(keyOf({ key: [`@${file}`] })).toBe('of-file');
    expect(() => keyOf({ key: [`@${file}.gone`] })).toThrow('--key cannot be read');
  });

  it('of the default data folder goes to this machine only', () => {
    const folder = mkdtempSync(join(tmpdir(), 'drover-home-'));
    folders.push(folder);
    const data = join(folder, 'drover', 'default');
    mkdirSync(data, { recursive: true });
    writeLocalKey(data, 'local-key');
    const variables = { XDG_DATA_HOME: folder };
    expect(keyOf({ url: ['http://127.0.0.1:11500'] }, variables)).toBe('local-key');
    expect(keyOf({ url: ['http://[::1]:11500'] }, variables)).toBe('local-key');
    expect(keyOf({ url: ['http://127.0.0.1.evil.test'] }, variables)).toBeUndefined();
    expect(keyOf({ url: ['https://elsewhere.test'] }, variables)).toBeUndefined();
    expect(keyOf({ url: ['https://elsewhere.test'], data: [data] }, variables)).toBe('local-key');
  });
});
