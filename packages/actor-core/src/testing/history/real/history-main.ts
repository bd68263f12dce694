import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type HistoryReport, runHistory } from './run-history.ts';

const usage = `usage: history [--seconds N] [--json FILE]

  --seconds N   how long clients work under faults (default 300)
  --json FILE   writes the report there
`;
const leastPerSecond = 100;
const shown = 10;

/**
 * Records what clients of three real nats-servers see under faults, checks it, and prints a report. Exit code 0: the
 * history is right, fast enough, and every history that was made wrong on purpose was refused; 1: not so; 2: wrong
 * usage.
 */
export async function historyMain(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: { seconds: { type: 'string', default: '300' }, json: { type: 'string' } },
  });
  const seconds = Number(values.seconds);
  if (!(seconds > 0)) {
    process.stderr.write(usage);
    return 2;
  }
  const report = await runHistory({ durationMs: seconds * 1_000, onProgress: tell });
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(report));
  print(report);
  const { violations, spoilt, operationsPerSecond } = report;
  return violations.length === 0 &&
    spoilt.every(({ isFound }) => isFound) &&
    operationsPerSecond >= leastPerSecond
    ? 0
    : 1;
}

function print({
  seconds,
  operations,
  operationsPerSecond,
  counts,
  faults,
  keys,
  violations,
  spoilt,
}: HistoryReport): void {
  say(`${operations} operations in ${seconds.toFixed(0)} s, ${operationsPerSecond} a second`);
  for (const [name, count] of Object.entries(counts)) say(`  ${String(count).padStart(7)}  ${name}`);
  say(
    `faults: ${Object.entries(faults)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
  );
  say(`histories of ${keys} keys, one log of fences, one queue: ${violations.length} violations`);
  for (const violation of violations.slice(0, shown)) say(`  ${violation}`);
  for (const { what, isFound } of spoilt)
    say(`made wrong on purpose: ${what}: ${isFound ? 'refused' : 'NOT NOTICED'}`);
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
