import type { TaskEvent, TaskRequest, TaskUsage } from '@drover/agents';
import { RequestFailure } from '../../errors.ts';
import type { Exchange } from '../../http/exchange.ts';
import { commentWhileSilent } from '../../http/stream-comments.ts';
import { failureOf } from '../../failure.ts';
import type { GatewayServices } from '../../services.ts';

/** Largest amount of text that waits for a reader that is slower than the agent; above it the task is interrupted. */
const maxPendingChars = 1024 * 1024;

/**
 * Runs a task and sends its server-sent events: `started`, `token`…, then `completed` or `failed`. A failure before the
 * first event is answered with its status. Tokens that wait for a slow reader are joined into one event and bounded.
 *
 * @returns what the task used; undefined of one that failed after its first event
 * @throws AgentsError before the first event
 */
export async function streamTask(
  services: GatewayServices,
  exchange: Exchange,
  agentId: string,
  task: TaskRequest,
): Promise<TaskUsage | undefined> {
  let usage: TaskUsage | undefined;
  const { node, config } = services;
  const writer = new EventWriter(exchange);
  const stopComments = commentWhileSilent(exchange, node.clock, config.streamCommentMs);
  try {
    const result = await services.agents
      .forTenant(exchange.principal.tenant, exchange.principal)
      .task(agentId, task, {
        signal: exchange.signal,
        onEvent: (event) => writer.take(event),
      });
    usage = result.usage;
    await writer.flush();
    exchange.setHeader('x-drover-node', result.node);
    writer.send('completed', result);
  } catch (error) {
    if (!exchange.isStarted) throw error;
    const { code, message } = exchange.interruption ?? failureOf(error);
    await writer.flush();
    writer.send('failed', { error: { code, message, requestId: exchange.requestId } });
  } finally {
    stopComments();
  }
  exchange.end();
  return usage;
}

class EventWriter {
  readonly #exchange: Exchange;
  #pending: { runId: string; text: string } | undefined;
  #draining: Promise<void> | undefined;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  take(event: TaskEvent): void {
    if (event.type === 'started') {
      this.#exchange.setHeader('x-drover-node', event.node);
      this.send('started', { runId: event.runId, node: event.node });
      return;
    }
    if (this.#draining === undefined) {
      this.send('token', { runId: event.runId, text: event.text });
      return;
    }
    this.#pending = { runId: event.runId, text: (this.#pending?.text ?? '') + event.text };
    if (this.#pending.text.length > maxPendingChars) {
      this.#exchange.interrupt(
        new RequestFailure(503, 'reader-too-slow', 'the client reads the answer too slowly'),
      );
    }
  }

  /** Resolves when all events are passed to the socket, or the reader has disconnected. */
  async flush(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining;
  }

  send(name: string, data: unknown): void {
    const exchange = this.#exchange;
    if (!exchange.isStarted) {
      exchange.setHeader('Cache-Control', 'no-cache');
      exchange.setHeader('X-Accel-Buffering', 'no');
      exchange.begin(200, 'text/event-stream');
    }
    if (!exchange.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`))
      this.#draining ??= this.#drain();
  }

  async #drain(): Promise<void> {
    await this.#exchange.drained();
    this.#draining = undefined;
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending && !this.#exchange.isGone) this.send('token', pending);
  }
}
