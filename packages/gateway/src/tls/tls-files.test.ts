import { createTestAuthority } from '@drover/actor-core/testing';
import { describe, expect, it } from 'vitest';
import { createTlsSetup } from '../testing/tls-setup.ts';
import { materialOf, readTlsFiles, type TlsFiles } from './tls-files.ts';

const paths = { tlsCert: 'cert.pem', tlsKey: 'key.pem', tlsCa: '' };
const authority = createTestAuthority();
const pair = authority.issue({ commonName: 'gateway' });
const files: TlsFiles = { tlsCert: pair.cert, tlsKey: pair.key, tlsCa: '' };
const dayMs = 24 * 3_600_000;

describe('materialOf', () => {
  it('takes a certificate with its key, and tells when it expires', () => {
    const { leaf, ca, expiresAtMs } = materialOf(files, paths, Date.now());
    expect(leaf.subject).toBe('CN=gateway');
    expect(ca).toEqual([]);
    expect(Math.round((expiresAtMs - Date.now()) / dayMs)).toBe(90);
  });

  it.each([
    ['no certificate', { tlsCert: 'x' }, 'tlsCert holds no certificate in PEM: cert.pem'],
    ['no key', { tlsKey: 'x' }, 'tlsKey holds no private key in PEM: key.pem'],
    [
      'a key of another certificate',
      { tlsKey: authority.issue().key },
      'tlsKey is not the key of the certificate: key.pem does not belong to cert.pem',
    ],
  ])('refuses %s', (_what, changed, message) => {
    expect(() => materialOf({ ...files, ...changed }, paths, Date.now())).toThrow(message);
  });

  it('refuses a certificate that has expired, and one that is not valid yet', () => {
    expect(() => materialOf(files, paths, Date.now() + 91 * dayMs)).toThrow(
      /^tlsCert has expired on .*: cert.pem/,
    );
    expect(() => materialOf(files, paths, Date.now() - dayMs)).toThrow(
      /^tlsCert is not valid before .*: cert.pem/,
    );
  });

  it('takes every authority of a bundle', () => {
    const bundle = `text before\n${authority.cert}\n${createTestAuthority('other').cert}`;
    const { ca } = materialOf({ ...files, tlsCa: bundle }, { ...paths, tlsCa: 'ca.pem' }, Date.now());
    expect(ca).toHaveLength(2);
  });

  it('refuses a bundle without a certificate', () => {
    expect(() => materialOf(files, { ...paths, tlsCa: 'ca.pem' }, Date.now())).toThrow(
      'tlsCa holds no certificate in PEM: ca.pem',
    );
  });
});

describe('readTlsFiles', () => {
  it('names the setting, the file and the reason where a file cannot be read', async () => {
    using setup = createTlsSetup();
    const missing = { ...setup.paths, tlsKey: '/nowhere/key.pem' };
    await expect(readTlsFiles(missing)).rejects.toThrow('tlsKey cannot be read: /nowhere/key.pem (ENOENT)');
  });
});
