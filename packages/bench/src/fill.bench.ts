import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type NatsServer, startNatsServer } from '@drover/actor-core/testing';
import { residentBytes } from './cpu-usage.ts';
import { Figures } from './figures.ts';
import type { FillOutcome, VerifyOutcome } from './fill/fill-main.ts';
import { hostFacts } from './host-facts.ts';
import { runForJson } from './json-child.ts';
import { UsageError } from './named-module.ts';
import { type BenchReport, row } from './report.ts';
import type { BenchForm, SuiteOptions } from './suite.ts';

const arm = 'drover';
const mebibyte = 1024 * 1024;
const gibibyte = 1024 * mebibyte;
const valueBytes = 64 * 1024;
/** Share of the free disk that the full form fills, and its limit. */
const diskShare = 0.6;
const mostBytes = 64 * gibibyte;
const shortBytes: Readonly<Record<Exclude<BenchForm, 'full'>, number>> = {
  quick: 512 * mebibyte,
  check: 24 * mebibyte,
};
const fillTimeoutMs = 3 * 3_600_000;
const verifyTimeoutMs = 300_000;
/** A server that was killed reads all its files before it accepts clients. */
const startTimeoutMs = 1_800_000;

/**
 * Fills one memory bucket up to its cap, which the full form sets to most of the free disk, and restarts the
 * nats-server in order and after a SIGKILL. Shows rates along the way, the time until it serves again, and reads values
 * back.
 *
 * @throws Error when a confirmed value is missing, or the full bucket refuses a removal
 */
export async function runFill(options: SuiteOptions): Promise<BenchReport> {
  if (options.only.length > 0) throw new UsageError('fill has one workload only');
  const host = hostFacts();
  const capBytes = await capOf(options.form);
  const figures = new Figures();
  const server = await startNatsServer({
    configuration: 'jetstream { max_file_store: 4TB }\n',
    startTimeoutMs,
  });
  let stored = 0;
  try {
    const filled = await runClient<FillOutcome>(server, 'fill', capBytes, [], fillTimeoutMs);
    if (!filled.isRemovable) throw new Error('the full bucket refused a removal');
    stored = filled.values;
    addFill(figures, filled);
    const resident = residentBytes(server.pid);
    if (resident !== undefined) figures.add('server RSS when full', arm, resident / mebibyte);
    options.progress(`filled with ${stored.toLocaleString('en-US')} values`);
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await restart(server, signal, figures);
      const read = await runClient<VerifyOutcome>(
        server,
        'verify',
        capBytes,
        [String(stored)],
        verifyTimeoutMs,
      );
      figures.add(`first read after ${signal}`, arm, read.firstReadMs);
      figures.add(`reads after ${signal}`, arm, read.perSecond);
      options.progress(`restarted after ${signal}`);
    }
  } finally {
    await server.dispose();
  }
  return {
    suite: 'fill',
    quick: options.form !== 'full',
    host,
    notes: [
      `one nats-server ${server.version}, default sync; a bucket with a cap of ${(capBytes / mebibyte).toFixed(0)} MiB, filled with ${stored.toLocaleString('en-US')} values of 64 KiB by 64 puts in flight until it refused one; then a removal was accepted`,
      'restart: from the start of the server until it accepts clients; after SIGTERM it had written its indexes, after SIGKILL it had not',
    ],
    arms: measures.flatMap(([figure, unit]) => {
      const values = figures.spread(figure, arm);
      return values === undefined ? [] : [row(arm, figure, unit, values)];
    }),
    ratios: [],
    bars: [],
  };
}

const measures: readonly (readonly [figure: string, unit: string])[] = [
  ...Array.from({ length: 9 }, (_, index) => [tenthOf(index), 'MiB/s'] as const),
  ['put p99', 'ms'],
  ['server RSS when full', 'MiB'],
  ...(['SIGTERM', 'SIGKILL'] as const).flatMap(
    (signal) =>
      [
        [`stop by ${signal}`, 'ms'],
        [`restart after ${signal}`, 'ms'],
        [`first read after ${signal}`, 'ms'],
        [`reads after ${signal}`, 'ops/s'],
      ] as const,
  ),
];

function tenthOf(index: number): string {
  return `fill ${index * 10}-${(index + 1) * 10} %`;
}

async function capOf(form: BenchForm): Promise<number> {
  if (form !== 'full') return shortBytes[form];
  const { bavail, bsize } = await statfs(tmpdir());
  return Math.min(mostBytes, Math.floor(bavail * bsize * diskShare));
}

function addFill(figures: Figures, { perSecond, p99Ms }: FillOutcome): void {
  for (const [index, rate] of perSecond.entries())
    figures.add(tenthOf(index), arm, (rate * valueBytes) / mebibyte);
  figures.add('put p99', arm, p99Ms);
}

async function restart(server: NatsServer, signal: 'SIGTERM' | 'SIGKILL', figures: Figures): Promise<void> {
  const stoppedMs = performance.now();
  await server.stop(signal);
  const startedMs = performance.now();
  await server.start();
  figures.add(`stop by ${signal}`, arm, startedMs - stoppedMs);
  figures.add(`restart after ${signal}`, arm, performance.now() - startedMs);
}

async function runClient<T>(
  server: NatsServer,
  mode: 'fill' | 'verify',
  capBytes: number,
  rest: readonly string[],
  timeoutMs: number,
): Promise<T> {
  const script = fileURLToPath(new URL('./fill/fill-main.js', import.meta.url));
  const args = [script, server.url, mode, String(capBytes), String(valueBytes), ...rest];
  return runForJson<T>(process.execPath, args, { timeoutMs });
}
