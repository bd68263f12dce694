import { X509Certificate } from 'node:crypto';
import { createTestAuthority, type TestCertificateOptions } from '@drover/actor-core/testing';
import { expect, it } from 'vitest';
import { clientCertificateOf } from './client-certificate.ts';

const authority = createTestAuthority();

function nameOf(options: TestCertificateOptions): string | undefined {
  return clientCertificateOf(new X509Certificate(authority.issue(options).cert))?.name;
}

it('reads the common name', () => {
  expect(nameOf({ commonName: 'ci', names: ['host.example'] })).toBe('ci');
});

it.each(['host.example', 'spiffe://cell/ci', 'ci@example.org'])(
  'reads %s where there is no common name',
  (name) => {
    expect(nameOf({ names: [name] })).toBe(name);
  },
);

it('reads nothing from a certificate that names an address alone, or nothing', () => {
  expect(nameOf({ names: ['127.0.0.1'] })).toBeUndefined();
  expect(nameOf({})).toBeUndefined();
});

it('does not take a line break in a common name for a second name', () => {
  expect(nameOf({ commonName: 'guest\nCN=admin' })).toBe('guest\\0ACN=admin');
});
