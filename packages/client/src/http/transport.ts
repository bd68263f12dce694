import type { ClientConfig } from '../config.ts';
import { CallDeadlineError, InvalidAnswerError, RequestError, UnreachableError } from '../errors.ts';
import type { RawBody } from '../raw-body.ts';
import { Deadline } from './deadline.ts';
import { readFailure } from './read-failure.ts';
import { decideRetry } from './retry.ts';
import { wait } from './wait.ts';

/** What every call takes. */
export interface CallOptions {
  /** Ends the call. */
  readonly signal?: AbortSignal | undefined;
  /** Instead of that of the client, milliseconds. */
  readonly timeoutMs?: number | undefined;
}

/** One request, before it is sent. */
export interface Outgoing extends CallOptions {
  readonly method: string;
  /** With its query. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: RawBody | undefined;
  /** @default by the method: GET, PUT without conditions, and DELETE */
  readonly isRepeatable?: boolean | undefined;
}

/** An answer whose body is not read yet. */
export interface Opened {
  readonly response: Response;
  readonly deadline: Deadline;
}

/** Sends requests to one gateway: key, deadline, attempts, errors. */
export class Transport {
  readonly config: ClientConfig;

  constructor(config: ClientConfig) {
    this.config = config;
  }

  /** The answer as JSON; undefined where it has no body. @throws RequestError and the other errors of the client */
  async json(outgoing: Outgoing): Promise<unknown> {
    const { response, deadline } = await this.open(outgoing);
    try {
      const text = await response.text();
      if (text === '') return undefined;
      if (!(response.headers.get('content-type') ?? '').startsWith('application/json'))
        throw new InvalidAnswerError(`${describe(outgoing)} was not answered with JSON`);
      return JSON.parse(text);
    } catch (error) {
      throw translated(error, outgoing, deadline);
    } finally {
      deadline.clear();
    }
  }

  /** The answer as it is. The deadline ends with its headers; the signal of the caller goes on. */
  async response(outgoing: Outgoing): Promise<Response> {
    const { response, deadline } = await this.open(outgoing);
    deadline.clear();
    return response;
  }

  /** Sends the request until it is answered. Whoever gets the answer clears the deadline. */
  async open(outgoing: Outgoing): Promise<Opened> {
    const deadline = new Deadline(
      describe(outgoing),
      outgoing.timeoutMs ?? this.config.timeoutMs,
      outgoing.signal,
    );
    try {
      for (let attempts = 1; ; attempts += 1) {
        const answer = await this.#attempt(outgoing, deadline);
        if (answer instanceof Response) return { response: answer, deadline };
        const waitMs = decideRetry({
          attempts,
          maxAttempts: this.config.maxAttempts,
          isRepeatable: outgoing.isRepeatable ?? isRepeatable(outgoing),
          leftMs: deadline.leftMs,
          random: Math.random(),
          ...(answer instanceof RequestError && {
            status: answer.status,
            retryAfterMs: answer.retryAfterMs,
            shouldRetry: answer.shouldRetry,
          }),
        });
        if (waitMs === undefined) throw answer;
        await wait(waitMs, deadline.signal);
      }
    } catch (error) {
      deadline.clear();
      throw error;
    }
  }

  /** @returns the answer, or why the attempt failed */
  async #attempt(
    outgoing: Outgoing,
    deadline: Deadline,
  ): Promise<Response | RequestError | UnreachableError> {
    const { key, url } = this.config;
    const { method, headers = {}, body } = outgoing;
    try {
      const response = await this.config.fetch(url + outgoing.target, {
        method,
        headers: { ...(key !== undefined && { authorization: `Bearer ${key}` }), ...headers },
        signal: deadline.signal,
        redirect: 'error',
        ...(body !== undefined && { body }),
      });
      return response.ok ? response : await readFailure(response);
    } catch (error) {
      const failure = translated(error, outgoing, deadline);
      if (failure instanceof UnreachableError) return failure;
      throw failure;
    }
  }
}

/** An abort by the caller stays what it is. */
export function translated(error: unknown, outgoing: Outgoing, deadline: Deadline): unknown {
  if (outgoing.signal?.aborted === true) return outgoing.signal.reason;
  if (deadline.signal.reason instanceof CallDeadlineError) return deadline.signal.reason;
  if (error instanceof InvalidAnswerError) return error;
  if (error instanceof SyntaxError)
    return new InvalidAnswerError(`${describe(outgoing)} was not answered with JSON`, { cause: error });
  return new UnreachableError(`${describe(outgoing)} was not answered`, { cause: error });
}

function isRepeatable({ method, headers = {} }: Outgoing): boolean {
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  if (method === 'POST') return names.includes('idempotency-key');
  // A repeated conditional write could fail because the first attempt succeeded.
  return !names.includes('if-match') && !names.includes('if-none-match');
}

function describe({ method, target }: Outgoing): string {
  return `${method} ${target.split('?')[0]}`;
}
