import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { createProgram } from '../program.ts';
import { settingOfVariable } from '../settings/table.ts';
import { readDuration } from '../settings/value-text.ts';

const unitPath = fileURLToPath(
  new URL('../../../../deploy/systemd/drover-node-agent.service', import.meta.url),
);
const unit = readFileSync(unitPath, 'utf8');
const canVerify = spawnSync('systemd-analyze', ['--version']).status === 0;

/** The value of a setting that is given once. */
function setting(name: string): string {
  const values = unit.split('\n').filter((line) => line.startsWith(`${name}=`));
  expect(values, name).toHaveLength(1);
  return values[0]?.slice(name.length + 1) ?? '';
}

it('starts a command that exists, with flags that exist', () => {
  const [program, command, ...args] = setting('ExecStart').split(' ');
  expect(program).toMatch(/\/drover$/);
  const found = createProgram('0.0.0', () => {}, { showAll: false }).commands.find(
    (candidate) => candidate.name() === command,
  );
  const flags = args.filter((arg) => arg.startsWith('--'));
  expect(flags.length).toBeGreaterThan(0);
  for (const flag of flags) expect(found?.options.map((option) => option.long)).toContain(flag);
});

it('names only variables that drover reads', () => {
  const variables = [...unit.matchAll(/DROVER_[A-Z_]+/g)].map((match) => match[0]);
  expect(variables.length).toBeGreaterThan(0);
  for (const variable of variables) expect(settingOfVariable(variable), variable).toBeDefined();
});

it('gives a stop more time than the drain takes', () => {
  const drainMs = readDuration(/--drain-timeout (\S+)/.exec(setting('ExecStart'))?.[1] ?? '') ?? Number.NaN;
  expect(Number(setting('TimeoutStopSec')) * 1_000).toBeGreaterThan(drainMs + 2_000);
});

it.skipIf(!canVerify)('is a unit that systemd takes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-unit-'));
  try {
    const copy = join(folder, 'drover-node-agent.service');
    // The program is not installed on the machine of the tests; all other lines are verified unchanged.
    writeFileSync(copy, unit.replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true'));
    expect(execFileSync('systemd-analyze', ['verify', '--man=no', copy], { encoding: 'utf8' })).toBe('');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
