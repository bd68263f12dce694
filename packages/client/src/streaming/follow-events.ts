import { UnreachableError } from '../errors.ts';
import { outgoingOf } from '../http/call.ts';
import type { Transport } from '../http/transport.ts';
import { CutCounter } from './attempt-again.ts';
import { parseJson } from './parse-json.ts';
import { readLines } from './read-lines.ts';
import { serverEvents } from './server-events.ts';

/** Something that happened; docs/events.md lists the types and their payloads. */
export interface DroverEvent {
  /** Position among the stored events; absent for one that is not stored. */
  readonly sequence?: number;
  readonly v: number;
  readonly id: string;
  readonly type: string;
  readonly time: string;
  readonly source: string;
  readonly targets: readonly string[];
  readonly tenant?: string;
  readonly traceparent?: string;
  readonly causationId?: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly meta?: Readonly<Record<string, unknown>>;
}

/** Stored events up to this sequence were removed before they were read. */
export interface EventsLost {
  readonly type: 'events-lost';
  readonly upTo: number;
}

/** Which events. */
export interface EventQuery {
  /** Begin after this sequence. */
  readonly after?: number | undefined;
  /** Begin at this instant, or this duration ago, such as `1h`. */
  readonly since?: string | undefined;
  /** Only these types; `node.*` stands for all that begin so. */
  readonly types?: readonly string[] | undefined;
  /** Only events about these; `agent/*` stands for all agents. */
  readonly targets?: readonly string[] | undefined;
  /** False: end after the newest stored event. @default true */
  readonly follow?: boolean | undefined;
  /** Ends the stream. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads events in order. A stream that was cut is opened again after the last sequence, at any gateway behind the
 * address: each stored event comes once.
 *
 * @throws RequestError; UnreachableError where the gateway is away for longer than all attempts
 */
export async function* followEvents(
  transport: Transport,
  query: EventQuery = {},
): AsyncGenerator<DroverEvent | EventsLost, void> {
  const { signal, types = [], targets = [], follow = true } = query;
  const cuts = new CutCounter(transport.config.maxAttempts);
  let after = query.after;
  for (;;) {
    let cut: unknown = new UnreachableError('the stream of events ended');
    try {
      const outgoing = outgoingOf('GET /api/v1/events', {
        query: {
          ...(after === undefined ? { since: query.since } : { after }),
          type: types.length === 0 ? undefined : types.join(','),
          target: targets.length === 0 ? undefined : targets.join(','),
          follow: follow ? undefined : 'false',
        },
        signal,
      });
      for await (const { id, data } of serverEvents(readLines(transport, outgoing))) {
        cuts.reset();
        // Before the event is handed over: a reader that goes on after an error must not get it twice.
        if (id !== '') after = Number(id);
        if (data !== '') yield parseJson(data) as DroverEvent | EventsLost;
      }
      if (!follow) return;
    } catch (error) {
      cut = error;
    }
    // A gateway that stops ends its streams: go on at another one.
    await cuts.afterCut(cut, signal);
  }
}
