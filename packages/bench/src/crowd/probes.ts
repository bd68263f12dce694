import { request } from 'node:http';

/** Result of one probe of a route. */
export interface ProbeResult {
  /** Milliseconds from the planned instant of the probe to the end of its answer. */
  readonly tookMs: number;
  /** 0 when no answer came. */
  readonly status: number;
  readonly body: string;
}

/**
 * Requests a route on its own connection, as a health check does. A delayed probe is measured from its planned instant
 * (`performance.now()` scale).
 */
export function probe(url: URL, intendedAtMs: number, timeoutMs: number): Promise<ProbeResult> {
  const { promise, resolve } = Promise.withResolvers<ProbeResult>();
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

/** Nodes that the status of a gateway shows in another state than alive. */
export function nodesNotAlive(body: string): readonly string[] {
  const { nodes } = JSON.parse(body) as { nodes: readonly { id: string; state: string }[] };
  return nodes.filter(({ state }) => state !== 'alive').map(({ id, state }) => `${id} ${state}`);
}
