import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from '@drover/actor-core';
import { CommanderError } from 'commander';
import { knownVariables } from './commands/options.ts';
import { badConfiguration, CommandError, type ExitCode, errorLine, exitCodes } from './errors.ts';
import { createProgram } from './program.ts';

/** Runs one `drover` command and ends the process with its exit code. */
export async function main(args: readonly string[]): Promise<never> {
  const code = await run(args);
  process.exit(code);
}

/** Runs one `drover` command; resolves with the exit code. Failures are told on stderr as one line. */
export async function run(args: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = exitCodes.done;
  const program = createProgram(ownVersion(), (finished) => {
    code = finished;
  });
  if (args.length === 0) {
    process.stderr.write(program.helpInformation());
    return exitCodes.usage;
  }
  warnOfUnknownVariables(process.env);
  try {
    normaliseSwitch(process.env, 'DROVER_JSON');
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    return tell(error);
  }
}

function tell(error: unknown): ExitCode {
  if (error instanceof CommanderError) {
    // Help and version come as exceptions too; they have been written.
    if (error.exitCode === 0) return exitCodes.done;
    const said = error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ');
    const empty = said === '(outputHelp)' || said === '';
    process.stderr.write(`drover: ${empty ? 'a command is missing' : said} (see drover --help)\n`);
    return exitCodes.usage;
  }
  if (error instanceof CommandError) {
    process.stderr.write(`${errorLine(error)}\n`);
    return error.exitCode;
  }
  if (error instanceof InvalidArgumentError) {
    process.stderr.write(`drover: ${error.message}\n`);
    return exitCodes.usage;
  }
  // A defect: everything that helps to find it.
  process.stderr.write(`${errorLine(error)}\n${error instanceof Error ? (error.stack ?? '') : ''}\n`);
  return exitCodes.internal;
}

/** A misspelt variable would be ignored silently otherwise. Not refused: other programs may use the prefix too. */
function warnOfUnknownVariables(environment: NodeJS.ProcessEnv): void {
  const unknown = Object.keys(environment).filter(
    (name) => name.startsWith('DROVER_') && !knownVariables.includes(name),
  );
  if (unknown.length > 0)
    process.stderr.write(`drover: ${unknown.join(', ')} is no setting of drover and was ignored\n`);
}

/** A switch given by variable is on with 1 or true and off with 0, false or nothing. */
function normaliseSwitch(environment: NodeJS.ProcessEnv, name: string): void {
  const value = environment[name]?.trim().toLowerCase();
  if (value === undefined || value === '1' || value === 'true') return;
  if (value !== '' && value !== '0' && value !== 'false') {
    throw badConfiguration(name, `must be 1, true, 0 or false, got ${value}`);
  }
  delete environment[name];
}

function ownVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
