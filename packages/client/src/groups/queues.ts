import type { Message, Operations, QueueCounts } from '../generated/operations.ts';
import { call } from '../http/call.ts';
import type { CallOptions, Transport } from '../http/transport.ts';
import { pages } from '../streaming/pages.ts';

type Body<Action extends 'take' | 'messages/{id}/ack'> =
  Operations[`POST /api/v1/queues/{q}/${Action}`]['body'];

/** A message that is dead: no attempt is left. */
export type DeadMessage = Operations['GET /api/v1/queues/{q}/dead']['answer']['messages'][number];

/** What `queues.put` takes beside the body. */
export type PutOptions = CallOptions & Omit<Operations['POST /api/v1/queues/{q}']['body'], 'body'>;

/** The place of a message that was taken. */
export interface Leased {
  readonly id: string;
  readonly lease: string;
}

/** A `take` that waits outlasts its wait by this. */
const marginMs = 10_000;

/** Durable queues. A queue is made by its first message. */
export class QueuesApi {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The names of all queues. */
  async list(options: CallOptions = {}): Promise<readonly string[]> {
    const { queues } = await call(this.#transport, 'GET /api/v1/queues', options);
    return queues.map(({ name }) => name);
  }

  async counts(queue: string, options: CallOptions = {}): Promise<QueueCounts> {
    return call(this.#transport, 'GET /api/v1/queues/{q}', { path: { q: queue }, ...options });
  }

  /**
   * Puts a message. With an `id` the call is repeated where its answer was lost: a second message with an id is none.
   */
  async put(
    queue: string,
    body: unknown,
    { signal, timeoutMs, ...fields }: PutOptions = {},
  ): Promise<{ readonly id: string; readonly isDuplicate: boolean }> {
    const answer = await call(this.#transport, 'POST /api/v1/queues/{q}', {
      path: { q: queue },
      body: { body, ...fields },
      isRepeatable: fields.id !== undefined,
      signal,
      timeoutMs,
    });
    return { id: answer.id, isDuplicate: 'duplicate' in answer };
  }

  /** Leases messages; none if none came within `waitMs`. */
  async take(
    queue: string,
    request: Body<'take'> = {},
    options: CallOptions = {},
  ): Promise<readonly Message[]> {
    const { messages } = await call(this.#transport, 'POST /api/v1/queues/{q}/take', {
      path: { q: queue },
      body: request,
      timeoutMs: (request.waitMs ?? 0) + marginMs,
      ...options,
    });
    return messages;
  }

  /** The message is done. */
  async ack(queue: string, message: Leased, options: CallOptions = {}): Promise<void> {
    await this.#settle('ack', queue, message, {}, options);
  }

  /** The message is delivered again, or is dead after its last attempt. */
  async nack(
    queue: string,
    message: Leased,
    { delayMs, reason, ...options }: CallOptions & { delayMs?: number; reason?: string } = {},
  ): Promise<void> {
    await this.#settle('nack', queue, message, { delayMs, reason }, options);
  }

  /** The lease lasts for `leaseMs` from now. */
  async extend(queue: string, message: Leased, leaseMs: number, options: CallOptions = {}): Promise<void> {
    await this.#settle('extend', queue, message, { leaseMs }, options);
  }

  /** Removes a message that nobody has taken. */
  async cancel(queue: string, id: string, options: CallOptions = {}): Promise<void> {
    await call(this.#transport, 'DELETE /api/v1/queues/{q}/messages/{id}', {
      path: { q: queue, id },
      ...options,
    });
  }

  /** The dead messages, page by page. */
  dead(
    queue: string,
    filter: { limit?: number } = {},
    options: CallOptions = {},
  ): AsyncGenerator<DeadMessage, void> {
    return pages(async (cursor) => {
      const page = await call(this.#transport, 'GET /api/v1/queues/{q}/dead', {
        path: { q: queue },
        query: { ...filter, cursor },
        ...options,
      });
      return { items: page.messages, cursor: page.cursor };
    });
  }

  /** Puts dead messages back, all without `ids`. @returns how many */
  async replay(queue: string, ids?: readonly string[], options: CallOptions = {}): Promise<number> {
    const { replayed } = await call(this.#transport, 'POST /api/v1/queues/{q}/dead/replay', {
      path: { q: queue },
      body: { ids },
      ...options,
    });
    return replayed;
  }

  /** Removes a queue; one that is not empty only with `discard`. */
  async delete(
    queue: string,
    { discard, ...options }: CallOptions & { discard?: boolean } = {},
  ): Promise<void> {
    await call(this.#transport, 'DELETE /api/v1/queues/{q}', {
      path: { q: queue },
      query: discard === true ? { messages: 'discard' } : {},
      ...options,
    });
  }

  async #settle(
    action: 'ack' | 'nack' | 'extend',
    queue: string,
    { id, lease }: Leased,
    fields: Omit<Body<'messages/{id}/ack'>, 'lease'>,
    options: CallOptions,
  ): Promise<void> {
    await call(this.#transport, `POST /api/v1/queues/{q}/messages/{id}/${action}`, {
      path: { q: queue, id },
      body: { lease, ...fields },
      ...options,
    });
  }
}
