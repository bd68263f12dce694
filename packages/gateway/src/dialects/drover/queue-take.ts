import type { QueueAddress, TakenMessage } from '@drover/actor-core/cluster';
import { holdFor } from '../../http/body.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { GatewayServices } from '../../services.ts';
import { takenJson } from './queue-json.ts';
import { takeRequest } from './operations/queue-operations.ts';
import { readJson } from './read-json.ts';

/**
 * Leases messages for the client. Messages that do not reach it go back to the queue at once: the client has left, the
 * gateway stops, or the answer does not fit its memory. A client that closes its sending half counts as one that has
 * left: it looks the same, and a message would be lost to the others until the end of its lease.
 */
export async function takeMessages(
  services: GatewayServices,
  exchange: Exchange,
  at: QueueAddress,
): Promise<void> {
  const { max, waitMs, leaseMs } = await readJson(exchange, takeRequest, services.bodies);
  const ending = new AbortController();
  const end = (): void => ending.abort();
  const stopListening = services.drain.onBegin(end);
  const { socket } = exchange.request;
  exchange.signal.addEventListener('abort', end);
  socket.once('end', end);
  if (exchange.signal.aborted || socket.readableEnded) end();
  try {
    const taken = await services.queues.take(at, {
      max,
      waitMs,
      ...(leaseMs === undefined ? {} : { leaseMs }),
      signal: ending.signal,
    });
    await deliver(services, exchange, at, taken);
  } finally {
    stopListening();
    exchange.signal.removeEventListener('abort', end);
    socket.off('end', end);
  }
}

async function deliver(
  { queues, bodies, node }: GatewayServices,
  exchange: Exchange,
  at: QueueAddress,
  taken: readonly TakenMessage[],
): Promise<void> {
  try {
    const reply = takenJson(taken);
    if (taken.length > 0) holdFor(exchange, bodies)(reply.body.length);
    const isHere = !exchange.isGone && !exchange.request.socket.readableEnded;
    exchange.reply(isHere ? reply : takenJson([]));
    if (taken.length === 0) return;
    if (isHere) {
      await exchange.closed;
      if (!exchange.signal.aborted) return;
    }
  } catch (error) {
    await giveBack();
    throw error;
  }
  await giveBack();

  async function giveBack(): Promise<void> {
    const outcomes = await Promise.allSettled(taken.map((message) => queues.release(at, message)));
    const failed = outcomes.filter(({ status }) => status === 'rejected').length;
    const fields = { queue: at.queue, messages: taken.length, failed };
    node.log.info(fields, 'messages that did not reach their taker went back to the queue');
  }
}
