import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from '@drover/actor-core';
import { CommanderError } from 'commander';
import { CommandError, type ExitCode, errorLine, exitCodes } from './errors.ts';
import { createProgram } from './program.ts';
import { nearestKey } from './settings/suggestion.ts';

/** Runs one `drover` command and ends the process with its exit code. */
export async function main(args: readonly string[]): Promise<never> {
  const code = await run(args);
  process.exit(code);
}

/** Runs one `drover` command; resolves with the exit code. Failures are told on stderr as one line. */
export async function run(args: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = exitCodes.done;
  const finish = (finished: ExitCode): void => {
    code = finished;
  };
  const program = createProgram(ownVersion(), finish, { showAll: args.includes('--all') });
  if (args.length === 0) {
    process.stderr.write(program.helpInformation());
    return exitCodes.usage;
  }
  try {
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
    process.stderr.write(`drover: ${empty ? 'a command is missing' : meant(said)} (see drover --help)\n`);
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

/** A misspelt flag of a setting that the short help leaves out is known too. */
function meant(said: string): string {
  const [, flag] = /^unknown option '--([^'=]+)/.exec(said) ?? [];
  const key = flag === undefined ? undefined : nearestKey(flag);
  return key === undefined ? said : `unknown option '--${flag}' (did you mean --${key}?)`;
}

function ownVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
