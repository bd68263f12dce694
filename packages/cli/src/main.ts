import { InvalidArgumentError } from '@drover/actor-core';
import { CommanderError } from 'commander';
import { CommandError, type ExitCode, errorLine, exitCodes } from './errors.ts';
import { productVersion } from './product-version.ts';
import { createProgram } from './program.ts';
import { nearestKey } from './settings/suggestion.ts';

/** Runs one `drover` command and ends the process with its exit code. */
export async function main(args: readonly string[]): Promise<never> {
  const code = await run(args);
  await flushed(process.stdout);
  await flushed(process.stderr);
  process.exit(code);
}

/** Resolves when everything is written, or nobody reads any more. A pipe takes large output piece by piece. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || !stream.writable) return resolve();
    stream.once('error', () => resolve());
    stream.write('', () => resolve());
  });
}

/** Runs one `drover` command; resolves with the exit code. A failure is reported on stderr, in one line. */
export async function run(args: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = exitCodes.done;
  const finish = (finished: ExitCode): void => {
    code = finished;
  };
  const program = createProgram(productVersion(), finish, { showAll: args.includes('--all') });
  if (args.length === 0) {
    process.stderr.write(program.helpInformation());
    return exitCodes.usage;
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    return report(error);
  }
}

function report(error: unknown): ExitCode {
  if (error instanceof CommanderError) {
    // Commander throws after `--help` and `--version` too; their text has been written.
    if (error.exitCode === 0) return exitCodes.done;
    const message = error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ');
    const isEmpty = message === '(outputHelp)' || message === '';
    const text = isEmpty ? 'a command is missing' : withSuggestion(message);
    process.stderr.write(`drover: ${text} (see drover --help)\n`);
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
  // A defect of the program: the stack helps to find it.
  process.stderr.write(`${errorLine(error)}\n${error instanceof Error ? (error.stack ?? '') : ''}\n`);
  return exitCodes.internal;
}

/** Suggests a setting for an unknown flag, also one of the settings that the short help leaves out. */
function withSuggestion(message: string): string {
  const [, flag] = /^unknown option '--([^'=]+)/.exec(message) ?? [];
  const key = flag === undefined ? undefined : nearestKey(flag);
  return key === undefined ? message : `unknown option '--${flag}' (did you mean --${key}?)`;
}
