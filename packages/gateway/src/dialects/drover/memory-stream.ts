import { type MemoryEvent, type MemoryScope, scopeText } from '@drover/actor-core/cluster';
import { RequestFailure } from '../../errors.ts';
import type { Exchange } from '../../http/exchange.ts';
import { commentWhileSilent } from '../../http/stream-comments.ts';
import type { GatewayServices } from '../../services.ts';

/** Events that wait for a reader that is slower than the changes; with more the stream ends. */
const maxPending = 1_000;

/**
 * Sends the changes and conflicts of a scope as server-sent events, until the client leaves or the gateway stops. The
 * id of an event is the revision.
 */
export async function streamMemoryEvents(
  { node, config, drain }: GatewayServices,
  exchange: Exchange,
  scope: MemoryScope,
  prefix: string,
): Promise<void> {
  exchange.setHeader('Cache-Control', 'no-cache');
  exchange.setHeader('X-Accel-Buffering', 'no');
  exchange.begin(200, 'text/event-stream');
  const pending: string[] = [];
  let isDraining = false;
  const flush = async (): Promise<void> => {
    isDraining = true;
    while (pending.length > 0 && !exchange.isGone) {
      if (!exchange.write(pending.splice(0).join(''))) await exchange.drained();
    }
    isDraining = false;
  };
  const send = (text: string): void => {
    pending.push(text);
    if (pending.length > maxPending) exchange.interrupt(tooSlow());
    else if (!isDraining) void flush();
  };
  const stopComments = commentWhileSilent(exchange, node.clock, config.streamCommentMs);
  const unwatch = scope.watch((event) => send(eventText(event)), { prefix });
  const ended = untilEnded(exchange, drain);
  // The first bytes show the client that the watch has begun.
  send(': watching\n\n');
  await ended;
  unwatch();
  stopComments();
  exchange.end();
}

function eventText(event: MemoryEvent): string {
  const { type, ...rest } = event;
  const id = 'revision' in event ? `id: ${event.revision}\n` : '';
  const data =
    'scope' in rest ? { type, ...rest, scope: scopeText(rest.scope), tenant: undefined } : { type, ...rest };
  return `${id}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Resolves when the client has left, the gateway begins to stop, or the stream was interrupted. */
function untilEnded(exchange: Exchange, drain: GatewayServices['drain']): Promise<void> {
  return new Promise<void>((resolve) => {
    const off = drain.onBegin(() => resolve());
    exchange.signal.addEventListener('abort', () => resolve(), { once: true });
    void exchange.closed.then(off).then(resolve);
  });
}

function tooSlow(): RequestFailure {
  return new RequestFailure(503, 'reader-too-slow', 'the client reads the events too slowly');
}
