import type { IncomingMessage } from 'node:http';
import type { Reply } from './reply.ts';

/** The characters Go's server takes in a Host header. */
const hostPattern = /^[A-Za-z0-9!$%&'()*+,\-.:;=[\]_~]*$/;

/**
 * The answer of Go's server to a request that is valid HTTP syntax but must not be served; undefined for all others.
 * The connection is closed after this answer.
 */
export function protocolErrorOf(request: IncomingMessage): Reply | undefined {
  const { headers, rawHeaders, httpVersionMajor, httpVersionMinor } = request;
  if (httpVersionMajor !== 1)
    return plain(505, '505 HTTP Version Not Supported: unsupported protocol version');
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    return plain(501, 'Unsupported transfer encoding');
  const hosts = rawHeaders.filter(
    (_, index) => index % 2 === 0 && rawHeaders[index]?.toLowerCase() === 'host',
  );
  if (hosts.length === 0 && httpVersionMinor > 0)
    return plain(400, '400 Bad Request: missing required Host header');
  if (hosts.length > 1) return badRequest();
  if (!hostPattern.test(headers.host ?? '')) return plain(400, '400 Bad Request: malformed Host header');
  return undefined;
}

/** Answer of Go's server to a request that it cannot parse. */
export function badRequest(): Reply {
  return plain(400, '400 Bad Request');
}

function plain(status: number, body: string): Reply {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}
