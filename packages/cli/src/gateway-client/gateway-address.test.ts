import { describe, expect, it } from 'vitest';
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
