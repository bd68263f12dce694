import type { ServerResponse } from 'node:http';

/** What node calls with the status line and the headers; not in its types. */
const storeHead = '_storeHeader';

type StoreHead = (this: ServerResponse, statusLine: string, headers: unknown) => void;

/**
 * Makes an answer to an HTTP/1.0 request say HTTP/1.0, as Go's server does. Node always says HTTP/1.1 and has no setting
 * for it; the rest of the answer is right for HTTP/1.0 already (not chunked, the connection closed).
 */
export function answerAsHttp10(response: ServerResponse): void {
  const head = response as { [storeHead]?: StoreHead };
  const store = head[storeHead];
  if (store === undefined) return;
  head[storeHead] = (statusLine, headers): void =>
    store.call(response, statusLine.replace(/^HTTP\/1\.1 /, 'HTTP/1.0 '), headers);
}
