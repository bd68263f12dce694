import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@drover/actor-core/testing';
import { auditSigner, emptyChain, newAuditKey, sealBatch } from '@drover/gateway/audit';
import { afterEach, expect, it } from 'vitest';
import { joinRole, runDrover, startCluster, stopLeftovers } from '../lib/cluster.ts';
import { fullForm, recordFigure } from '../lib/figures.ts';
import { waitUntil } from '../lib/wait-until.ts';

const folders: string[] = [];

afterEach(async () => {
  await stopLeftovers();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

interface Report {
  readonly ok: boolean;
  readonly records: number;
  readonly chains: readonly { readonly chain: string; readonly last: number }[];
  readonly faults: readonly { readonly kind: string; readonly line: number; readonly n?: number }[];
}

it('records denials, keys and acts before the answer, survives a killed gateway, and finds every change', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'drover-audit-'));
  folders.push(dataDir);
  const drover = async (...args: string[]) => runDrover([...args, '--data', dataDir]);
  const verify = async (...args: string[]) => {
    const { code, stdout, stderr } = await drover('audit', 'verify', '--json', ...args);
    expect([code, stderr]).toEqual([expect.any(Number), '']);
    return { code, report: JSON.parse(stdout) as Report };
  };
  const cluster = await startCluster(['--sim', '1'], { dataDir });
  expect((await drover('key', 'create', '--name', 'ci')).code).toBe(0);
  const local = readFileSync(join(dataDir, 'key'), 'utf8').trim();
  expect((await fetch(`${cluster.url}/api/v1/keys`)).status).toBe(401);
  expect((await drover('key', 'revoke', 'ci')).code).toBe(0);
  expect(statSync(join(dataDir, 'audit', 'gateway-1.key')).mode & 0o077).toBe(0);

  // What was answered is in the store, although the gateway dies at once.
  const { pid } = cluster.processOf('gateway-1');
  process.kill(pid, 'SIGKILL');
  await waitUntil('the gateway serves again', async () =>
    fetch(`${cluster.url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  const port = await freePort();
  await joinRole(cluster, ['gateway', '--id', 'gateway-2', '--port', String(port)], 'gateway-2', {
    key: local,
  });
  const second = `http://127.0.0.1:${port}`;
  await waitUntil('the second gateway listens', async () =>
    fetch(`${second}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  expect((await fetch(`${second}/metrics`)).status).toBe(401);

  const whole = await verify();
  expect(whole).toMatchObject({ code: 0, report: { ok: true, faults: [] } });
  expect(whole.report.chains.map(({ chain }) => chain).toSorted()).toEqual(['gateway-1', 'gateway-2']);

  const exported = await drover('audit', 'export');
  const lines = exported.stdout.trimEnd().split('\n');
  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const has = (fields: Record<string, unknown>) =>
    records.some((record) => Object.entries(fields).every(([name, value]) => record[name] === value));
  expect(has({ chain: 'gateway-1', kind: 'denied', route: '/api/v1/keys', status: 401 })).toBe(true);
  expect(has({ kind: 'act', method: 'POST', route: '/api/v1/keys', phase: 'end', status: 201 })).toBe(true);
  expect(has({ kind: 'act', method: 'DELETE', target: 'key=ci', phase: 'end', status: 200 })).toBe(true);
  expect(has({ chain: 'gateway-2', kind: 'denied', route: '/metrics' })).toBe(true);
  expect(exported.stdout).not.toContain(local.slice(-43));

  const file = join(dataDir, 'audit.ndjson');
  const verifyLines = async (changed: readonly string[]) => {
    writeFileSync(file, `${changed.join('\n')}\n`);
    return verify(file);
  };
  const same = await verifyLines(lines);
  expect(same).toMatchObject({ code: 0, report: { faults: [], records: lines.length } });
  const at = lines.findIndex((line) => line.includes('"kind":"denied"'));
  const forged = lines.with(at, (lines[at] ?? '').replace('"status":401', '"status":200'));
  expect(await verifyLines(forged)).toMatchObject({
    code: 1,
    report: { faults: [{ kind: 'changed', line: at + 1 }] },
  });
  expect(await verifyLines(lines.toSpliced(at, 1))).toMatchObject({
    code: 1,
    report: { faults: [{ kind: 'missing' }] },
  });
  // An export may end anywhere: the report says where.
  const ofFirst = lines.filter((line) => line.includes('"chain":"gateway-1"'));
  const { report } = await verifyLines(ofFirst.slice(0, 5));
  expect(report.chains).toMatchObject([{ chain: 'gateway-1', last: 4 }]);
  expect(await drover('doctor', '--json')).toMatchObject({
    stdout: expect.stringMatching(/"check":"audit","ok":true/) as string,
  });
  expect(await cluster.stop()).toBe(0);
});

/** Writes a chain of requests as a gateway does: batches of 512, each with a signed checkpoint. */
function writeChain(file: string, records: number, pem: string): void {
  const signer = auditSigner(pem);
  const limits = { maxBytes: 256 * 1024, maxRecords: 512 };
  const start = Date.parse('2026-12-01T00:00:00Z');
  const output = openSync(file, 'w');
  try {
    for (let end = emptyChain; end.n + 1 < records; ) {
      const time = new Date(start + end.n + 1).toISOString();
      const waiting = Array.from(
        { length: Math.min(limits.maxRecords, records - end.n - 1) },
        (_, index) => ({
          time,
          event: {
            kind: 'request' as const,
            request: `request-${end.n + index}`,
            key: '0123456789abcdef',
            tenant: 'default',
            roles: ['user'],
            address: '127.0.0.1',
            right: 'infer',
            method: 'POST',
            route: '/v1/chat/completions',
            target: 'model=llama3.2:latest',
            status: 200,
          },
        }),
      );
      const batch = sealBatch('gateway-1', end, waiting, limits, { signer, signedAt: time });
      writeSync(output, batch.text);
      ({ end } = batch);
    }
  } finally {
    closeSync(output);
  }
}

it('verifies a long chain, and finds one byte that was changed in it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-chain-'));
  folders.push(folder);
  const [file, publicKey] = [join(folder, 'audit.ndjson'), join(folder, 'gateway-1.pub')];
  const records = fullForm ? 1_000_000 : 20_000;
  const pem = newAuditKey();
  writeChain(file, records, pem);
  writeFileSync(publicKey, auditSigner(pem).publicKey);
  const verify = async () => {
    const args = ['audit', 'verify', file, '--public-key', publicKey, '--data', folder, '--json'];
    const startedMs = performance.now();
    const { code, stdout } = await runDrover(args, { timeoutMs: 120_000 });
    return { code, report: JSON.parse(stdout) as Report, tookMs: performance.now() - startedMs };
  };
  const whole = await verify();
  expect(whole).toMatchObject({ code: 0, report: { ok: true, faults: [] } });
  expect(whole.report.records).toBeGreaterThanOrEqual(records);
  recordFigure('records that were verified', whole.report.records);
  recordFigure('size of the export', statSync(file).size / 1e6, 'MB');
  recordFigure('drover audit verify', whole.tookMs / 1_000, 's', '< 10 for a million');
  if (fullForm) expect(whole.tookMs).toBeLessThan(10_000);

  // In the last record of a model, so that all before it is read.
  const at = statSync(file).size - 600;
  const bytes = openSync(file, 'r+');
  writeSync(bytes, '~', at);
  closeSync(bytes);
  const changed = await verify();
  expect(changed.code).toBe(1);
  expect(changed.report.faults[0]?.line).toBeGreaterThan(records - 5);
  recordFigure('a changed byte is found', changed.tookMs / 1_000, 's');
});
