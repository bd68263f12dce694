import { setTimeout as sleep } from 'node:timers/promises';

/** A client of the stored events that goes on at the next gateway whenever its connection ends. */
export interface EventConsumer {
  /** Sequences in the order of their arrival. */
  readonly sequences: readonly number[];
  /** How often it connected. */
  connections(): number;
  end(): void;
}

/** Reads from one gateway, after `after`, until the connection ends. Calls `onSequence` for each stored event. */
type ReadOnce = (
  url: string,
  after: number,
  onSequence: (sequence: number) => void,
  signal: AbortSignal,
) => Promise<void>;

const retryAfterMs = 100;

function consume(urls: readonly string[], after: number, readOnce: ReadOnce): EventConsumer {
  const sequences: number[] = [];
  const leaving = new AbortController();
  let connections = 0;
  const read = async (): Promise<void> => {
    while (!leaving.signal.aborted) {
      const url = urls[connections % urls.length] ?? '';
      connections += 1;
      const last = sequences.at(-1) ?? after;
      // A gateway that is gone, or that cannot read the store now: the next one is asked.
      await readOnce(url, last, (sequence) => sequences.push(sequence), leaving.signal).catch(() => {});
      await sleep(retryAfterMs);
    }
  };
  void read();
  return { sequences, connections: () => connections, end: () => leaving.abort() };
}

/** Server-sent events, resumed by `Last-Event-ID`. */
export function consumeSse(urls: readonly string[], after: number): EventConsumer {
  return consume(urls, after, async (url, last, onSequence, signal) => {
    const headers = { 'last-event-id': String(last) };
    const response = await fetch(`${url}/api/v1/events?type=agent.*`, { headers, signal });
    if (!response.ok || response.body === null) return;
    let text = '';
    for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
      const blocks = (text + part).split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const id = /^id: ?(\d+)$/m.exec(block)?.[1];
        if (id !== undefined && /^event: ?agent\./m.test(block)) onSequence(Number(id));
      }
    }
  });
}

/** A WebSocket, resumed by `after`. */
export function consumeSocket(urls: readonly string[], after: number): EventConsumer {
  return consume(urls, after, async (url, last, onSequence, signal) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/api/agents/ws?topics=events&after=${last}`);
    const { promise, resolve } = Promise.withResolvers<void>();
    const leave = (): void => socket.close();
    signal.addEventListener('abort', leave, { once: true });
    socket.addEventListener('close', () => resolve());
    socket.addEventListener('error', () => resolve());
    socket.addEventListener('message', ({ data }) => {
      const { sequence, event } = JSON.parse(String(data)) as {
        readonly sequence?: number;
        readonly event?: { readonly type: string };
      };
      if (sequence !== undefined && event?.type.startsWith('agent.')) onSequence(sequence);
    });
    await promise;
    signal.removeEventListener('abort', leave);
  });
}
