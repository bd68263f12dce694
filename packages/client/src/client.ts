import { type ClientOptions, resolveConfig } from './config.ts';
import type { NodeStatus, Usage, Status } from './generated/operations.ts';
import { AgentsApi } from './groups/agents.ts';
import { KeysApi } from './groups/keys.ts';
import { MemoryApi } from './groups/memory.ts';
import { ModelsApi } from './groups/models.ts';
import { QueuesApi } from './groups/queues.ts';
import { type Answer, call, type CallArguments, type Route } from './http/call.ts';
import { type CallOptions, Transport } from './http/transport.ts';
import {
  type DroverEvent,
  type EventQuery,
  type EventsLost,
  followEvents,
} from './streaming/follow-events.ts';

/** Which usage: a date or instant for the times, names for the rest. */
export interface UsageQuery extends CallOptions {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly by?: readonly ('hour' | 'key' | 'tenant' | 'model' | 'agent')[] | undefined;
  readonly key?: string | undefined;
  readonly tenant?: string | undefined;
  readonly model?: string | undefined;
  readonly agent?: string | undefined;
}

/**
 * A client of one gateway, or of the load balancer in front of several. Nothing is sent and nothing stays open until a
 * method is called; it needs no end.
 */
export class DroverClient {
  readonly agents: AgentsApi;
  readonly models: ModelsApi;
  readonly memory: MemoryApi;
  readonly queues: QueuesApi;
  readonly keys: KeysApi;
  readonly #transport: Transport;

  /** @throws TypeError naming the option that is wrong */
  constructor(options: ClientOptions = {}) {
    const transport = new Transport(resolveConfig(options));
    this.#transport = transport;
    this.agents = new AgentsApi(transport);
    this.models = new ModelsApi(transport);
    this.memory = new MemoryApi(transport);
    this.queues = new QueuesApi(transport);
    this.keys = new KeysApi(transport);
  }

  /**
   * Calls any route by `METHOD /path`, typed by the OpenAPI document.
   *
   * @throws RequestError; UnreachableError, CallDeadlineError, InvalidAnswerError
   */
  async call<R extends Route>(route: R, ...request: CallArguments<R>): Promise<Answer<R>> {
    return call(this.#transport, route, ...request);
  }

  async status(options: CallOptions = {}): Promise<Status> {
    return call(this.#transport, 'GET /api/v1/status', options);
  }

  /** The nodes of the cluster, their models and the age of what is known. */
  async nodes(options: CallOptions = {}): Promise<readonly NodeStatus[]> {
    return (await this.status(options)).nodes;
  }

  /** What happened and what happens. */
  events(query: EventQuery = {}): AsyncGenerator<DroverEvent | EventsLost, void> {
    return followEvents(this.#transport, query);
  }

  /** What requests used. An administrator sees all keys, everybody else the own one. */
  async usage({ signal, timeoutMs, by, ...query }: UsageQuery = {}): Promise<Usage> {
    return call(this.#transport, 'GET /api/v1/usage', {
      query: { ...query, by: by?.join(',') },
      signal,
      timeoutMs,
    });
  }
}
