import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { type Authority, createAuthority, mintUser } from './credentials.ts';
import { permissionsOfProcess } from './process-permissions.ts';
import { serverConfigText, takesCredentials } from './server-config.ts';

let authority: Authority;
beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-authority-'));
  authority = await createAuthority(folder);
  rmSync(folder, { recursive: true });
});

/** What 0.3.0 wrote: without a limit for lines. */
const ofOldRelease = 'listen: "127.0.0.1:4222"\nmax_payload: 8MB\n';

async function credsOf(role: 'host' | 'gateway' | 'node-agent'): Promise<string> {
  const issuer = {
    accountPublicKey: authority.account.publicKey,
    signingSeed: authority.signingSeed,
  };
  return mintUser(issuer, `${role}-1`, permissionsOfProcess('local', `${role}-1`, [role]));
}

it('has room for the credentials of every role', async () => {
  const text = serverConfigText({
    host: '127.0.0.1',
    port: 4222,
    storeDir: '/d',
    syncsAlways: true,
    authority,
  });
  for (const role of ['host', 'gateway', 'node-agent'] as const)
    expect(takesCredentials(text, await credsOf(role))).toBe(true);
});

it('knows that a nats-server which 0.3.0 has started takes node-agents only', async () => {
  expect(takesCredentials(ofOldRelease, await credsOf('node-agent'))).toBe(true);
  expect(takesCredentials(ofOldRelease, await credsOf('host'))).toBe(false);
});
