import { createKey, revokeKey } from '@drover/gateway/keys';
import { expect, it } from 'vitest';
import { requireDoor } from './open-door.ts';

const { record } = createKey({ roles: ['admin'], expiresInMs: 60_000 }, 0);

it.each(['127.0.0.1', '::1', 'localhost'])('lets a gateway listen on %s without a key', (host) => {
  expect(() => requireDoor({ host, insecure: false, issuer: '' }, [], 0)).not.toThrow();
});

it.each(['0.0.0.0', '::', '192.168.1.4', 'gpu1', ''])(
  'refuses to listen on %j without a key, unless --insecure says so',
  (host) => {
    expect(() => requireDoor({ host, insecure: false, issuer: '' }, [], 0)).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringContaining('--insecure') as string }),
    );
    expect(() => requireDoor({ host, insecure: true, issuer: '' }, [], 0)).not.toThrow();
    expect(() => requireDoor({ host, insecure: false, issuer: 'https://id.example' }, [], 0)).not.toThrow();
    expect(() => requireDoor({ host, insecure: false, issuer: '' }, [record], 0)).not.toThrow();
  },
);

it('refuses an open address with keys of which none works any more', () => {
  expect(() => requireDoor({ host: '0.0.0.0', insecure: false, issuer: '' }, [record], 60_000)).toThrow(
    'no key',
  );
  expect(() =>
    requireDoor({ host: '0.0.0.0', insecure: false, issuer: '' }, [revokeKey(record, 1)], 2),
  ).toThrow('no key');
});
