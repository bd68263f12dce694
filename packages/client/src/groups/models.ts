import { InvalidAnswerError, RequestError, UnreachableError } from '../errors.ts';
import type { AdminJob } from '../generated/operations.ts';
import { call } from '../http/call.ts';
import { targetOf } from '../http/target.ts';
import type { CallOptions, Outgoing, Transport } from '../http/transport.ts';
import { CutCounter } from '../streaming/attempt-again.ts';
import { parseJson } from '../streaming/parse-json.ts';
import { readLines } from '../streaming/read-lines.ts';

/** A model as Ollama lists it. */
export interface Model {
  readonly name: string;
  readonly size: number;
  readonly digest: string;
  readonly modified_at: string;
}

/** One line of progress, as Ollama writes it. */
export interface Progress {
  readonly status: string;
  readonly digest?: string;
  readonly total?: number;
  readonly completed?: number;
}

/** Which hosts: all without it. */
export interface AtNodes extends CallOptions {
  readonly nodes?: readonly string[] | undefined;
}

/** Models of the hosts, and the durable jobs that change them. */
export class ModelsApi {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The models of the fleet, by Ollama's own route. */
  async list(options: CallOptions = {}): Promise<readonly Model[]> {
    const answer = await this.#transport.json({ method: 'GET', target: '/api/tags', ...options });
    return (answer as { models: readonly Model[] }).models;
  }

  /** Pulls a model and yields the progress of all hosts together. The jobs go on when the loop ends. */
  pull(model: string, options: AtNodes = {}): AsyncGenerator<Progress, void> {
    return this.#progress('/api/pull', { model }, options);
  }

  /** Pushes a model to its registry. */
  push(model: string, options: AtNodes = {}): AsyncGenerator<Progress, void> {
    return this.#progress('/api/push', { model }, options);
  }

  /** Makes a model from another one. @param fields of Ollama's `/api/create`, such as `from` and `system` */
  create(
    model: string,
    fields: Readonly<Record<string, unknown>>,
    options: AtNodes = {},
  ): AsyncGenerator<Progress, void> {
    return this.#progress('/api/create', { ...fields, model }, options);
  }

  async copy(source: string, destination: string, options: AtNodes = {}): Promise<void> {
    await this.#transport.json(outgoing('POST', '/api/copy', { source, destination }, options));
  }

  async delete(model: string, options: AtNodes = {}): Promise<void> {
    await this.#transport.json(outgoing('DELETE', '/api/delete', { model }, options));
  }

  /** Jobs that run, and those that ended within the last hour. */
  async jobs(options: CallOptions = {}): Promise<readonly AdminJob[]> {
    return (await call(this.#transport, 'GET /api/v1/admin-jobs', options)).jobs;
  }

  /** Ends a job. */
  async cancel(id: string, options: CallOptions = {}): Promise<void> {
    await call(this.#transport, 'DELETE /api/v1/admin-jobs/{id}', { path: { id }, ...options });
  }

  /** A request that is sent again finds the job that runs: it is one for each operation, model and host. */
  async *#progress(path: string, body: unknown, options: AtNodes): AsyncGenerator<Progress, void> {
    const cuts = new CutCounter(this.#transport.config.maxAttempts);
    const request = { ...outgoing('POST', path, body, options), isRepeatable: true };
    for (;;) {
      let cut: unknown = new UnreachableError(`POST ${path} ended before the jobs`);
      try {
        for await (const line of readLines(this.#transport, request)) {
          if (line.trim() === '') continue;
          cuts.reset();
          const step = readStep(line);
          yield step;
          if (step.status === 'success') return;
        }
      } catch (error) {
        cut = error;
      }
      await cuts.afterCut(cut, options.signal);
    }
  }
}

function outgoing(
  method: string,
  path: string,
  body: unknown,
  { nodes = [], ...options }: AtNodes,
): Outgoing {
  return {
    method,
    target: targetOf(path, {}, { host: nodes }),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...options,
  };
}

/** @throws RequestError `job-failed` */
function readStep(line: string): Progress {
  const step = parseJson(line) as Progress & { readonly error?: string };
  if (typeof step.error === 'string')
    throw new RequestError({ status: 200, code: 'job-failed', message: step.error });
  if (typeof step.status !== 'string') throw new InvalidAnswerError('a line of progress has no status');
  return step;
}
