import { DroverError } from '@drover/actor-core';

/** Exit codes of every `drover` command; they are part of the outside contract. */
export const exitCodes = {
  /** The command did what was asked. */
  done: 0,
  /** The command ran and the answer is no, such as a failed check. */
  no: 1,
  /** Wrong usage or configuration. */
  usage: 2,
  /** Something needed is missing. */
  missing: 3,
  /** An address or a folder is in use by another process. */
  inUse: 4,
  /** A defect, or a part that kept failing. */
  internal: 70,
  /** Stopped immediately by a second signal. */
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
  | 'key-missing'
  | 'node-missing'
  | 'node-id-taken'
  | 'request-unknown'
  | 'cluster-missing'
  | 'data-in-use'
  | 'address-in-use'
  | 'process-failed'
  | 'start-timeout';

/**
 * A command cannot continue. The message is one line that states what failed and on what; `fix` states what to do about
 * it. Nothing retries: the person or script that ran the command decides.
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

/** A flag, a variable or a key of the file has a wrong value. */
export function badConfiguration(field: string, detail: string): CommandError {
  return new CommandError('bad-configuration', exitCodes.usage, `${field} ${detail}`);
}

/** The error as one line for a person. */
export function errorLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const fix = error instanceof CommandError && error.fix !== '' ? `; ${error.fix}` : '';
  return `drover: ${message.replaceAll(/\s*\n\s*/g, ' ')}${fix}`;
}
