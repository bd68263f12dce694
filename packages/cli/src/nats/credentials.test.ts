import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode, parseCreds, type User } from '@nats-io/jwt';
import { afterEach, expect, it } from 'vitest';
import { createAuthority, mintUser } from './credentials.ts';
import { serverConfigText } from './server-config.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function setup(): string {
  const folder = mkdtempSync(join(tmpdir(), 'drover-creds-'));
  folders.push(folder);
  return folder;
}

it('keeps the account of a data folder and changes the signing key with each run', async () => {
  const dataDir = setup();
  const first = await createAuthority(dataDir);
  const second = await createAuthority(dataDir);
  expect(second.account.publicKey).toBe(first.account.publicKey);
  expect(second.signingSeed).not.toBe(first.signingSeed);
  expect(statSync(join(dataDir, 'nats-keys.json')).mode & 0o777).toBe(0o600);
});

it('mints users that may do what they were given and nothing else', async () => {
  const { account, signingSeed } = await createAuthority(setup());
  const issuer = { accountPublicKey: account.publicKey, signingSeed };
  const node = await read(await mintUser(issuer, 'agent-1', { publish: ['a.agent-1'], subscribe: ['b.>'] }));
  expect(node).toMatchObject({
    pub: { allow: ['a.agent-1'] },
    sub: { allow: ['b.>'] },
    issuer_account: account.publicKey,
  });
  const mute = await read(await mintUser(issuer, 'observer-1', { publish: [], subscribe: ['b.>'] }));
  expect(mute.pub).toMatchObject({ deny: ['>'] });
});

it('writes no seed into the configuration of the server', async () => {
  const authority = await createAuthority(setup());
  const options = { host: '127.0.0.1', port: 4_222, storeDir: '/data', authority } as const;
  const text = serverConfigText({ ...options, syncsAlways: true });
  expect(text).not.toMatch(/\bS[OAU][A-Z0-9]{40,}/);
  expect(text).toContain('sync_interval: always');
  expect(serverConfigText({ ...options, syncsAlways: false })).toContain('sync_interval: "2m"');
});

async function read(creds: string): Promise<Partial<User>> {
  return decode<User>((await parseCreds(new TextEncoder().encode(creds))).jwt).nats;
}
