import type { ServerResponse } from 'node:http';

/** Method that node calls with the status line and the headers; not in its types. */
const storeHead = '_storeHeader';

type StoreHead = (this: ServerResponse, statusLine: string, headers: unknown) => void;

/**
 * Puts HTTP/1.0 into the status line of the answer to an HTTP/1.0 request, as Go's server does. Node always writes
 * HTTP/1.1 and has no setting for it; otherwise its answer fits HTTP/1.0 (not chunked, connection closed).
 */
export function answerAsHttp10(response: ServerResponse): void {
  const head = response as { [storeHead]?: StoreHead };
  const store = head[storeHead];
  if (store === undefined) return;
  head[storeHead] = (statusLine, headers): void =>
    store.call(response, statusLine.replace(/^HTTP\/1\.1 /, 'HTTP/1.0 '), headers);
}
