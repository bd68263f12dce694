import { RequestError, StreamCutError, UnreachableError } from '../errors.ts';
import type { Agent, AgentMetrics, Operations, Run, TaskResult } from '../generated/operations.ts';
import { call, outgoingOf } from '../http/call.ts';
import type { CallOptions, Transport } from '../http/transport.ts';
import { type SocketMessage, type WatchQuery, watchAgents } from '../socket/agents-socket.ts';
import { pages } from '../streaming/pages.ts';
import { parseJson } from '../streaming/parse-json.ts';
import { readLines } from '../streaming/read-lines.ts';
import { serverEvents } from '../streaming/server-events.ts';

/** What `agents.spawn` takes. */
export type SpawnRequest = Operations['POST /api/v1/agents/spawn']['body'];

/** A task for an agent. */
export interface Task {
  readonly input: string;
  /** Deadline of the task in the cluster, milliseconds. @default that of the gateway */
  readonly timeoutMs?: number | undefined;
}

/** Parts of the answer of an agent. */
export type TaskEvent =
  | { readonly type: 'started'; readonly runId: string; readonly node: string }
  | { readonly type: 'token'; readonly runId: string; readonly text: string }
  | ({ readonly type: 'completed' } & TaskResult);

/** A call that waits for an agent outlasts the deadline of its task by this. */
const marginMs = 5_000;
/** Wait for a task that states no deadline. */
const longestTaskMs = 600_000;

/** Agents, their tasks and their runs. */
export class AgentsApi {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Starts an agent. A repeated call with the same `idempotencyKey` answers the same agent.
   *
   * @param options.idempotencyKey 1 to 200 printable characters. Default: a random one, for the attempts of this call
   */
  async spawn(
    request: SpawnRequest,
    { idempotencyKey = randomKey(), ...options }: CallOptions & { idempotencyKey?: string } = {},
  ): Promise<Agent> {
    return call(this.#transport, 'POST /api/v1/agents/spawn', {
      body: request,
      headers: { 'Idempotency-Key': idempotencyKey },
      ...options,
    });
  }

  /** The agents, page by page. */
  list(
    filter: { type?: string; status?: Agent['status']; node?: string; limit?: number } = {},
    options: CallOptions = {},
  ): AsyncGenerator<Agent, void> {
    return pages(async (cursor) => {
      const query = { ...filter, cursor };
      const page = await call(this.#transport, 'GET /api/v1/agents/list', { query, ...options });
      return { items: page.agents, cursor: page.cursor };
    });
  }

  async get(id: string, options: CallOptions = {}): Promise<Agent> {
    return call(this.#transport, 'GET /api/v1/agents/{id}', { path: { id }, ...options });
  }

  async metrics(id: string, options: CallOptions = {}): Promise<AgentMetrics> {
    return call(this.#transport, 'GET /api/v1/agents/{id}/metrics', { path: { id }, ...options });
  }

  /** Ends an agent for good. */
  async stop(
    id: string,
    { mode, finishMs, ...options }: CallOptions & { mode?: 'graceful' | 'force'; finishMs?: number } = {},
  ): Promise<Agent> {
    const query = { mode, finishMs };
    return call(this.#transport, 'DELETE /api/v1/agents/{id}', { path: { id }, query, ...options });
  }

  /** Gives an agent a task and waits for its result. Not repeated where it is unknown whether the task was begun. */
  async task(id: string, task: Task, options: CallOptions = {}): Promise<TaskResult> {
    const answer = await call(this.#transport, 'POST /api/v1/agents/{id}/task', {
      path: { id },
      body: { ...task, mode: 'sync' },
      timeoutMs: waitFor(task),
      ...options,
    });
    return answer as TaskResult;
  }

  /** Gives an agent a task. @returns the id of the run */
  async submit(id: string, task: Task, options: CallOptions = {}): Promise<string> {
    const body = { ...task, mode: 'async' as const };
    const answer = await call(this.#transport, 'POST /api/v1/agents/{id}/task', {
      path: { id },
      body,
      ...options,
    });
    return answer.runId;
  }

  /**
   * Gives an agent a task and reads its answer as it is made.
   *
   * @throws RequestError also where the task fails after it began; StreamCutError where the stream ends before that
   */
  async *stream(id: string, task: Task, options: CallOptions = {}): AsyncGenerator<TaskEvent, void> {
    const outgoing = outgoingOf('POST /api/v1/agents/{id}/task', {
      path: { id },
      body: { ...task, mode: 'stream' },
      timeoutMs: waitFor(task),
      ...options,
    });
    let runId: string | undefined;
    try {
      for await (const { event, data } of serverEvents(readLines(this.#transport, outgoing))) {
        const value = parseJson(data) as Record<string, unknown>;
        if (event === 'failed') throw failed(value);
        if (event !== 'started' && event !== 'token' && event !== 'completed') continue;
        runId = value['runId'] as string;
        yield { type: event, ...value } as TaskEvent;
        if (event === 'completed') return;
      }
    } catch (error) {
      if (runId === undefined || !(error instanceof UnreachableError)) throw error;
      throw new StreamCutError('the stream of the task was cut', runId, error);
    }
    throw new StreamCutError('the stream of the task ended before its result', runId);
  }

  /** What became of a task. */
  async run(runId: string, options: CallOptions = {}): Promise<Run> {
    return call(this.#transport, 'GET /api/v1/runs/{runId}', { path: { runId }, ...options });
  }

  /** The agents of the tenant, and what happens to them, over a WebSocket. */
  watch(query: WatchQuery = {}): AsyncGenerator<SocketMessage, void> {
    return watchAgents(this.#transport, query);
  }
}

function waitFor({ timeoutMs }: Task): number {
  return (timeoutMs ?? longestTaskMs) + marginMs;
}

function failed(value: Record<string, unknown>): RequestError {
  const error = value['error'] as { code: string; message: string; requestId?: string };
  return new RequestError({ status: 200, ...error });
}

function randomKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}
