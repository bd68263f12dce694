import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNatsServer } from '@drover/actor-core/testing';
import { afterEach, expect, it } from 'vitest';
import { runDrover, startCluster, stopLeftovers } from '../lib/cluster.ts';

const folders: string[] = [];

afterEach(async () => {
  await stopLeftovers();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newDataDir(): string {
  const folder = mkdtempSync(join(tmpdir(), 'drover-security-'));
  folders.push(folder);
  return folder;
}

interface Check {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly fix: string;
}

/** Faults that the doctor finds, as `check: detail`, and its exit code. */
async function askDoctor(dataDir: string): Promise<{ code: number; faults: readonly string[] }> {
  const { code, stdout } = await runDrover(['doctor', '--security', '--json', '--data', dataDir]);
  const faults = (JSON.parse(stdout) as Check[]).filter(({ ok }) => !ok);
  for (const { fix } of faults) expect(fix).not.toBe('');
  return { code, faults: faults.map(({ check, detail }) => `${check}: ${detail}`) };
}

it('passes a cluster as it is started, and finds a readable secret and keys that are too broad', async () => {
  const dataDir = newDataDir();
  const cluster = await startCluster(['--sim', '1'], { dataDir });
  expect(await askDoctor(dataDir)).toEqual({ code: 0, faults: [] });

  const created = await runDrover(['key', 'create', '--name', 'boss', '--role', 'admin', '--data', dataDir]);
  expect(created.code).toBe(0);
  const local = readFileSync(join(dataDir, 'key'), 'utf8').trim();
  const asked = await fetch(`${cluster.url}/api/generate`, {
    method: 'POST',
    headers: { authorization: `Bearer ${local}` },
    body: JSON.stringify({ model: 'sim-count', prompt: 'x', options: { num_predict: 2 } }),
  });
  expect(asked.status).toBe(200);
  await asked.text();
  chmodSync(join(dataDir, 'key'), 0o644);
  const { code, faults } = await askDoctor(dataDir);
  expect(code).toBe(1);
  expect(faults).toEqual([
    expect.stringMatching(/^keys: .*\(local\).* used for requests to models$/),
    expect.stringMatching(/^keys: .*\(boss\).* never expires$/),
    expect.stringMatching(/^files: other users can read secrets: .*\/key$/),
  ]);
});

it('finds what an open address, a wildcard origin and a NATS without users let in', async () => {
  const dataDir = newDataDir();
  const nats = await startNatsServer();
  try {
    const open = ['--host', '0.0.0.0', '--insecure', '--origin', '*', '--audit', 'off'];
    await startCluster(['--sim', '1', '--nats', nats.url, ...open], { dataDir });
    const { code, faults } = await askDoctor(dataDir);
    expect(code).toBe(1);
    expect(faults.map((fault) => fault.split(':')[0])).toEqual([
      'door',
      'keys',
      'tls',
      'browsers',
      'browsers',
      'audit log',
    ]);
    const created = await runDrover([
      'key',
      'create',
      '--name',
      'boss',
      '--role',
      'admin',
      '--data',
      dataDir,
    ]);
    expect(created.code).toBe(0);
    const withKeys = await askDoctor(dataDir);
    expect(withKeys.faults).toContainEqual(
      expect.stringMatching(/^bus: NATS at .* lets in every program of this machine without credentials/),
    );
    expect(withKeys.faults.filter((fault) => fault.startsWith('door'))).toEqual([]);
  } finally {
    await nats.dispose();
  }
});
