import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Arm } from './arm.ts';
import { type BenchReport, formatReport, writeReport } from './report.ts';
import { runSmoke } from './smoke.bench.ts';

const usage = `usage: npm run bench -- SUITE [--quick] [--json FILE] [--arm NAME=PATH]…

suites
  smoke   what Drover adds to the first token and between tokens, beside the same hosts reached directly

example
  npm run bench -- smoke --json out.json
`;

const suites: Record<string, typeof runSmoke> = { smoke: runSmoke };

/** Runs one suite. Exit code: 0 every bar met, 1 one missed or an answer was wrong, 2 usage. */
export async function benchMain(argv: readonly string[]): Promise<number> {
  let values: { quick?: boolean; json?: string; arm?: string[]; help?: boolean };
  let positionals: string[];
  try {
    ({ values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        quick: { type: 'boolean' },
        json: { type: 'string' },
        arm: { type: 'string', multiple: true },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n${usage}`);
    return 2;
  }
  if (values.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  const suite = suites[positionals[0] ?? ''];
  if (suite === undefined || positionals.length > 1) {
    process.stderr.write(`bench: no suite ${JSON.stringify(positionals.join(' '))}\n${usage}`);
    return 2;
  }
  let extraArms: Arm[];
  try {
    extraArms = await Promise.all((values.arm ?? []).map(loadArm));
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n`);
    return 2;
  }
  let report: BenchReport;
  try {
    report = await suite({
      quick: values.quick === true,
      extraArms,
      progress: (line) => process.stderr.write(`${line}\n`),
    });
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n`);
    return 1;
  }
  process.stdout.write(formatReport(report));
  if (values.json !== undefined) writeReport(report, values.json);
  return report.bars.every((entry) => entry.met) ? 0 : 1;
}

async function loadArm(text: string): Promise<Arm> {
  const at = text.indexOf('=');
  if (at < 1) throw new Error(`--arm takes NAME=PATH (got ${text})`);
  const name = text.slice(0, at);
  const module = (await import(pathToFileURL(resolve(text.slice(at + 1))).href)) as { default?: Arm };
  if (typeof module.default?.start !== 'function')
    throw new Error(`--arm ${name}: the module has no default export with start()`);
  return { ...module.default, name };
}
