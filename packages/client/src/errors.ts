import type { ErrorCode } from './generated/operations.ts';

/** Codes of answers; also those that a newer gateway has. */
export type AnyCode = ErrorCode | (string & {});

/** What the gateway said about a request that it did not do. */
export interface RequestErrorFacts {
  readonly status: number;
  readonly code: AnyCode;
  readonly message: string;
  readonly field?: string | undefined;
  readonly requestId?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly shouldRetry?: boolean | undefined;
}

/**
 * The gateway answered with an error. The code is stable, the message is not. The client has repeated the request
 * where that was safe; whether to repeat any other one is for the caller to decide.
 */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  /** Status of the answer; 200 where an error ended a stream that had begun. */
  readonly status: number;
  readonly code: AnyCode;
  /** The field, parameter or header that is wrong. */
  readonly field: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;
  /** False where the gateway says that to ask again soon does not help. */
  readonly shouldRetry: boolean | undefined;

  constructor(facts: RequestErrorFacts) {
    super(`${facts.code}: ${facts.message}`);
    this.status = facts.status;
    this.code = facts.code;
    this.field = facts.field;
    this.requestId = facts.requestId;
    this.retryAfterMs = facts.retryAfterMs;
    this.shouldRetry = facts.shouldRetry;
  }
}

/** No answer came: the gateway was not reached, or the connection ended. Whether it got the request is unknown. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
  readonly code = 'gateway-unreachable';
}

/** The time of a call ran out in the client. Whether the gateway did what was asked is unknown. */
export class CallDeadlineError extends Error {
  override readonly name = 'CallDeadlineError';
  readonly code = 'call-deadline';
  readonly timeoutMs: number;

  constructor(what: string, timeoutMs: number) {
    super(`${what} did not end within ${timeoutMs} ms`);
    this.timeoutMs = timeoutMs;
  }
}

/** The answer is none of Drover's: another server or a proxy gave it. */
export class InvalidAnswerError extends Error {
  override readonly name = 'InvalidAnswerError';
  readonly code = 'invalid-answer';
}

/** A stream ended before its last event. */
export class StreamCutError extends Error {
  override readonly name = 'StreamCutError';
  readonly code = 'stream-cut';
  /** The run goes on: ask for it with `agents.run`. */
  readonly runId: string | undefined;

  constructor(message: string, runId?: string, cause?: unknown) {
    super(message, { cause });
    this.runId = runId;
  }
}

/** Whether the gateway answered with one of the codes. */
export function hasCode(error: unknown, ...codes: readonly ErrorCode[]): error is RequestError {
  return error instanceof RequestError && (codes as readonly string[]).includes(error.code);
}
