import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestAuthority, type TestAuthority, type TestCertificate } from '@drover/actor-core/testing';

/** Files with a certificate for this machine, its key, and the authority of all certificates. */
export interface TlsSetup {
  readonly authority: TestAuthority;
  readonly paths: { readonly tlsCert: string; readonly tlsKey: string; readonly tlsCa: string };
  readonly issued: TestCertificate;
  /** Replaces certificate and key. */
  readonly replace: (issued: Partial<TestCertificate>) => void;
  [Symbol.dispose](): void;
}

export function createTlsSetup(): TlsSetup {
  const folder = mkdtempSync(join(tmpdir(), 'drover-tls-'));
  const authority = createTestAuthority();
  const paths = {
    tlsCert: join(folder, 'cert.pem'),
    tlsKey: join(folder, 'key.pem'),
    tlsCa: join(folder, 'ca.pem'),
  };
  const replace = ({ cert, key }: Partial<TestCertificate>): void => {
    if (cert !== undefined) put(paths.tlsCert, cert);
    if (key !== undefined) put(paths.tlsKey, key);
  };
  const issued = authority.issue({ commonName: 'gateway', names: ['localhost', '127.0.0.1'] });
  replace(issued);
  put(paths.tlsCa, authority.cert);
  return {
    authority,
    paths,
    issued,
    replace,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function put(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}
