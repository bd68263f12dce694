import { request } from 'node:http';

/** How one look at a route ended. */
export interface Look {
  /** From the instant it was due to the end of its answer, milliseconds. */
  readonly tookMs: number;
  /** 0 when no answer came. */
  readonly status: number;
  readonly body: string;
}

/**
 * Asks for a route on a connection of its own, as a health check does. A look that comes late keeps its intended
 * instant (`performance.now()` scale).
 */
export function look(url: URL, intendedAtMs: number, timeoutMs: number): Promise<Look> {
  const { promise, resolve } = Promise.withResolvers<Look>();
  const finish = (status: number, body: string): void =>
    resolve({ tookMs: performance.now() - intendedAtMs, status, body });
  const call = request(url, { agent: false }, (response) => {
    let body = '';
    response.setEncoding('utf8');
    response.on('data', (text: string) => {
      body += text;
    });
    response.on('end', () => finish(response.statusCode ?? 0, body));
    response.on('error', () => finish(0, ''));
  });
  call.setTimeout(timeoutMs, () => call.destroy());
  call.on('error', () => finish(0, ''));
  call.end();
  return promise;
}

/** Nodes that a gateway's status shows in another state than alive. */
export function nodesNotAlive(body: string): readonly string[] {
  const { nodes } = JSON.parse(body) as { nodes: readonly { id: string; state: string }[] };
  return nodes.filter(({ state }) => state !== 'alive').map(({ id, state }) => `${id} ${state}`);
}
