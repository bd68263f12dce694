import { DroverError } from '@drover/actor-core';

/** Exit codes of every `drover` command; they are part of the outside contract. */
export const exitCodes = {
  /** It did what was asked. */
  done: 0,
  /** The answer is no: a failed check, a failed task. */
  no: 1,
  /** Usage or configuration. */
  usage: 2,
  /** Something needed is missing. */
  missing: 3,
  /** An address or a folder is in use by another process. */
  inUse: 4,
  /** A defect, or a part that kept failing. */
  internal: 70,
  /** Stopped at once by a second signal. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export type CommandErrorCode =
  | 'bad-configuration'
  | 'nats-missing'
  | 'nats-unsupported'
  | 'nats-unreachable'
  | 'ollama-missing'
  | 'gateway-unreachable'
  | 'gateway-refused'
  | 'node-missing'
  | 'node-id-taken'
  | 'request-unknown'
  | 'cluster-missing'
  | 'data-in-use'
  | 'address-in-use'
  | 'process-failed'
  | 'start-timeout';

/**
 * A command cannot go on. The message is one line that says what happened and to what; `fix` says what to do
 * about it. The person at the terminal retries, nobody else.
 */
export class CommandError extends DroverError {
  readonly code: CommandErrorCode;
  readonly exitCode: ExitCode;
  readonly fix: string;
  constructor(
    code: CommandErrorCode,
    exitCode: ExitCode,
    message: string,
    details: { fix?: string; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.exitCode = exitCode;
    this.fix = details.fix ?? '';
  }
}

/** A flag or variable has a value that cannot be meant. */
export function badConfiguration(field: string, detail: string): CommandError {
  return new CommandError('bad-configuration', exitCodes.usage, `${field} ${detail}`);
}

/** The error as the one line a person reads. */
export function errorLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const fix = error instanceof CommandError && error.fix !== '' ? `; ${error.fix}` : '';
  return `drover: ${message.replaceAll(/\s*\n\s*/g, ' ')}${fix}`;
}
