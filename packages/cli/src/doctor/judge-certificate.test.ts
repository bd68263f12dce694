import { expect, it } from 'vitest';
import { judgeCertificate } from './judge-certificate.ts';

const nowMs = Date.parse('2026-06-01T00:00:00Z');
const tls = { subject: 'CN=fleet', expiresAt: '2026-07-01T00:00:00.000Z' };

it('finds no fault at plain HTTP, and at a certificate that is valid for 30 days', () => {
  expect(judgeCertificate({}, nowMs)).toMatchObject({ ok: true });
  expect(judgeCertificate({ tls }, nowMs)).toMatchObject({
    ok: true,
    detail: 'CN=fleet is valid until 2026-07-01, for 30 more days',
  });
});

it('finds a fault at a certificate that is valid for less than 30 days', () => {
  expect(judgeCertificate({ tls }, nowMs + 1_000)).toMatchObject({
    ok: false,
    detail: 'CN=fleet is valid until 2026-07-01, for 29 more days',
  });
});

it('tells when the certificate has expired', () => {
  expect(judgeCertificate({ tls }, Date.parse('2026-07-02T00:00:00Z'))).toMatchObject({
    ok: false,
    detail: 'CN=fleet has expired on 2026-07-01',
  });
});

it('tells why changed files are not served', () => {
  const problem = 'tlsKey is not the key of the certificate';
  expect(judgeCertificate({ tls: { ...tls, problem } }, nowMs)).toMatchObject({
    ok: false,
    detail: `CN=fleet is served, because of the files as they are now ${problem}`,
  });
});
