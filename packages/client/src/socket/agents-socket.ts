import { UnreachableError } from '../errors.ts';
import type { Agent } from '../generated/operations.ts';
import type { Transport } from '../http/transport.ts';
import { CutCounter } from '../streaming/attempt-again.ts';
import type { DroverEvent, EventsLost } from '../streaming/follow-events.ts';
import { SocketReading } from './socket-reading.ts';

/** The agents of the tenant; null while the cluster has no leader. Events after `sequence` follow. */
export interface AgentsSnapshot {
  readonly type: 'snapshot';
  readonly sequence: number;
  readonly agents?: readonly Agent[] | null;
}

/** Something happened. */
export interface SocketEvent {
  readonly type: 'event';
  readonly sequence?: number;
  readonly event: DroverEvent;
}

/** Every 5 s: agents by status, and slots of each Ollama for those who may observe the cluster. */
export interface AgentsMetrics {
  readonly type: 'metrics';
  readonly agents: Readonly<Record<string, number>> | null;
  readonly hosts?: readonly Readonly<Record<string, unknown>>[];
}

export type SocketMessage = AgentsSnapshot | SocketEvent | AgentsMetrics | EventsLost;

/** What to watch. */
export interface WatchQuery {
  /** @default agents, tasks and metrics */
  readonly topics?: readonly ('agents' | 'tasks' | 'metrics' | 'events')[] | undefined;
  /** Go on after this sequence, without a snapshot. */
  readonly after?: number | undefined;
  /** Ends the watch. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Watches the agents of the tenant over a WebSocket. A connection that was cut is opened again after the last sequence:
 * no stored event is missed or comes twice.
 *
 * @throws UnreachableError where the gateway is away or refuses for longer than all attempts (a browser does not tell
 *   why); TypeError where there is no WebSocket
 */
export async function* watchAgents(
  transport: Transport,
  { topics, after: first, signal }: WatchQuery = {},
): AsyncGenerator<SocketMessage, void> {
  const { config } = transport;
  const { webSocket } = config;
  if (webSocket === undefined) throw new TypeError('there is no WebSocket here: set the option webSocket');
  const cuts = new CutCounter(config.maxAttempts);
  let after = first;
  for (;;) {
    signal?.throwIfAborted();
    const search = new URLSearchParams();
    if (topics !== undefined) search.set('topics', topics.join(','));
    if (after !== undefined) search.set('after', String(after));
    const url = `${config.url.replace(/^http/, 'ws')}/api/agents/ws?${search.toString()}`;
    // A browser sets no headers: the key goes as a protocol.
    const protocols = ['drover', ...(config.key === undefined ? [] : [`bearer.${config.key}`])];
    const reading = new SocketReading(new webSocket(url, protocols), config.idleTimeoutMs, signal);
    try {
      for await (const message of reading) {
        cuts.reset();
        if ((message as { type: string }).type === 'pong') continue;
        after = sequenceOf(message as SocketMessage) ?? after;
        yield message as SocketMessage;
      }
    } finally {
      reading.close();
    }
    signal?.throwIfAborted();
    await cuts.afterCut(new UnreachableError('the WebSocket was closed'), signal);
  }
}

function sequenceOf(message: SocketMessage): number | undefined {
  if (message.type === 'events-lost') return message.upTo;
  return message.type === 'metrics' ? undefined : message.sequence;
}
