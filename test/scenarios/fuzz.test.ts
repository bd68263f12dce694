import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { runDrover, startCluster, stopLeftovers } from '../lib/cluster.ts';
import { heldBy, watchedEnvironment } from '../lib/held.ts';
import { fullForm, recordFigure } from '../lib/figures.ts';
import {
  type HostileAnswer,
  type HostileRequest,
  hostileRequests,
  type RouteDocument,
  sendHostile,
} from '../lib/fuzz.ts';
import { isAlive } from '../lib/processes.ts';

/** `FUZZ_SECONDS=120 FUZZ_SEED=7 npx vitest run test/scenarios/fuzz.test.ts`; `npm run proof -- fuzz` takes 10 minutes. */
const seconds = Number(process.env['FUZZ_SECONDS'] ?? (fullForm ? 600 : 60));
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000_000);
const inParallel = 8;
/**
 * Longest time to an answer: `request-timeout` of the cluster and 20 s for a loaded machine. A hostile request may state
 * that it has no timeout, and it may announce a body that does not come; the settings below bound both.
 */
const answerWithinMs = 30_000;
const bounds = ['--request-timeout', '10s', '--body-timeout', '5s', '--headers-timeout', '5s'];
/** Growth of what the gateway holds after a garbage collection; requests under way hold some 20 MiB. */
const maxGrowthBytes = 48 * 2 ** 20;
/** Growth of its resident memory that is memory in use by the allocator and no leak. */
const maxResidentGrowthBytes = 96 * 2 ** 20;

/** Statuses from 500 that any route may answer: what HTTP itself defines, and a fleet that cannot serve now. */
const declared = new Set([501, 502, 503, 504, 505, 507]);

const dataDir = mkdtempSync(join(tmpdir(), 'drover-fuzz-'));
const heldDir = mkdtempSync(join(tmpdir(), 'drover-fuzz-held-'));
afterAll(async () => {
  await stopLeftovers();
  for (const folder of [dataDir, heldDir]) rmSync(folder, { recursive: true, force: true });
});

it(
  'answers every hostile request with a declared status, and no process crashes, hangs or grows',
  async () => {
    // The first key closes the routes. The key in the data folder is that of an administrator.
    expect(await runDrover(['key', 'create', '--data', dataDir])).toMatchObject({ code: 0 });
    const key = readFileSync(join(dataDir, 'key'), 'utf8').trim();
    const cluster = await startCluster(['--sim', '2', '--slots', '4', ...bounds], {
      dataDir,
      env: watchedEnvironment(heldDir),
    });
    const headers = { authorization: `Bearer ${key}` };
    const document = (await (
      await fetch(`${cluster.url}/openapi.json`, { headers })
    ).json()) as RouteDocument;
    const gateway = cluster.processOf('gateway-1').pid;
    const sloths = await openSloths(cluster.url);

    const faults: string[] = [];
    const statuses = new Map<string, number>();
    const requests = fc.sample(hostileRequests(document), { seed, numRuns: 20_000 });
    const startMs = Date.now();
    let sent = 0;
    const work = async (untilMs: number): Promise<void> => {
      while (Date.now() - startMs < untilMs && faults.length < 5) {
        const request = requests[sent % requests.length] as HostileRequest;
        sent += 1;
        const fault = await faultOf(sendHostile(cluster.url, request, { key, timeoutMs: answerWithinMs }));
        if (typeof fault === 'string') faults.push(`${describeRequest(request)}: ${fault}`);
        else statuses.set(String(fault.status), (statuses.get(String(fault.status)) ?? 0) + 1);
      }
    };
    const all = seconds * 1_000;
    await Promise.all(Array.from({ length: inParallel }, () => work(all / 3)));
    const warm = await heldBy(gateway, heldDir, 'bytes');
    await Promise.all(Array.from({ length: inParallel }, () => work(all)));
    for (const socket of sloths) socket.destroy();
    const after = await heldBy(gateway, heldDir, 'bytes');
    const grownBytes = after.usedBytes - warm.usedBytes;
    recordFigure('resident memory', after.residentBytes / 2 ** 20, 'MiB');
    const residentGrowthBytes = after.residentBytes - warm.residentBytes;
    recordFigure('growth of it', residentGrowthBytes / 2 ** 20, 'MiB', '< 96');
    recordFigure(`hostile requests, seed ${seed}`, sent, `in ${seconds} s`);
    recordFigure('growth of what the gateway holds', grownBytes / 2 ** 20, 'MiB', '< 48');
    recordFigure('answers by status', JSON.stringify(Object.fromEntries(statuses)));

    // The message carries the faults: a comparison of arrays prints only their length.
    expect(faults.length, faults.join('\n')).toBe(0);
    expect(cluster.ready.processes.filter(({ pid }) => !isAlive(pid))).toEqual([]);
    expect(cluster.stderr()).not.toMatch(/unexpected error|unhandled|uncaught/i);
    expect(grownBytes).toBeLessThan(maxGrowthBytes);
    expect(residentGrowthBytes).toBeLessThan(maxResidentGrowthBytes);
    const answer = await fetch(`${cluster.url}/api/generate`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ model: 'sim-count', prompt: 'a', stream: false, options: { num_predict: 3 } }),
    });
    expect(answer.status).toBe(200);
    expect(await cluster.stop()).toBe(0);
  },
  (seconds + 240) * 1_000,
);

/** The answer, or what is wrong with it. An error of a host is passed on with its status, which may be any. */
async function faultOf(answering: Promise<HostileAnswer>): Promise<HostileAnswer | string> {
  try {
    const answer = await answering;
    const { status = 0, text } = answer;
    const isFromHost = /^x-drover-node: /im.test(text);
    return status >= 500 && !declared.has(status) && !isFromHost ? text.slice(0, 500) : answer;
  } catch (error) {
    return (error as Error).message;
  }
}

function describeRequest({ method, target, headers, body, sent }: HostileRequest): string {
  const content = body.subarray(0, 300).toString('latin1');
  return `seed ${seed}: ${method} ${target} ${JSON.stringify(headers)} ${JSON.stringify(content)} (${sent} of it)`;
}

/** Connections that send one byte of a head or of a body and no more (slowloris). */
async function openSloths(url: string): Promise<Socket[]> {
  const { port, hostname } = new URL(url);
  const openings = ['P', 'POST /api/chat HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\r\n{'];
  return await Promise.all(
    Array.from({ length: 100 }, async (_, index) => {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => {});
      await new Promise<void>((resolve) =>
        socket.once('connect', () => resolve()).once('close', () => resolve()),
      );
      socket.write(openings[index % 2] ?? '');
      return socket;
    }),
  );
}
