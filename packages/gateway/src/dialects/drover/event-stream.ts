import type { EventReader } from '@drover/fleet';
import type { Exchange } from '../../http/exchange.ts';
import { commentWhileSilent } from '../../http/stream-comments.ts';
import type { GatewayServices } from '../../services.ts';
import type { EventQuery } from './event-query.ts';
import { EventReading, startOf } from './event-reading.ts';

/**
 * Sends events as server-sent events, until the client leaves, the gateway stops, or, without `follows`, the newest
 * stored event was sent. Stored events are read as fast as the client takes them, so a slow one needs no memory here.
 */
export async function streamEvents(
  services: GatewayServices,
  exchange: Exchange,
  query: EventQuery,
  reader: EventReader,
): Promise<void> {
  const { node, config, drain, eventFeed } = services;
  const after = await startOf(eventFeed, query);
  exchange.setHeader('Cache-Control', 'no-cache');
  exchange.setHeader('X-Accel-Buffering', 'no');
  exchange.begin(200, 'text/event-stream');
  const stopComments = commentWhileSilent(exchange, node.clock, config.streamCommentMs);
  const reading = new EventReading({ feed: eventFeed, clock: node.clock, after, query, reader });
  const end = (): void => reading.end();
  const off = drain.onBegin(end);
  exchange.signal.addEventListener('abort', end, { once: true });
  try {
    // An id without data: the client can go on from here, even if it is cut off before the first event.
    exchange.write(`id: ${after}\n\n`);
    for await (const { events, lostUpTo } of reading) {
      const lost = lostUpTo === undefined ? '' : lostText(lostUpTo);
      const text = lost + events.map(eventText).join('');
      if (text !== '' && !exchange.write(text)) await exchange.drained();
      if (exchange.isGone) break;
    }
  } finally {
    off();
    exchange.signal.removeEventListener('abort', end);
    reading.end();
    stopComments();
  }
  exchange.end();
}

function eventText(event: { readonly type: string; readonly sequence?: number }): string {
  const id = event.sequence === undefined ? '' : `id: ${event.sequence}\n`;
  return `${id}event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

function lostText(upTo: number): string {
  return `id: ${upTo}\nevent: events-lost\ndata: ${JSON.stringify({ type: 'events-lost', upTo })}\n\n`;
}
