const requestLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) (\S+) HTTP\/1\.[01]\r\n/;

/**
 * Returns the answer to a method that node's parser does not know (`get`, `BREW`). Go accepts every token as a method,
 * so the answer is 405, or 404 for an unknown path. Undefined if the bytes are not a request line.
 *
 * @param allowOf methods of the path of a request target, undefined for an unknown path
 */
export function answerUnknownMethod(
  error: {
    readonly code?: string | undefined;
    readonly rawPacket?: Buffer | undefined;
    readonly bytesParsed?: number | undefined;
  },
  allowOf: (method: string, target: string) => string | undefined,
): string | undefined {
  if (error.code !== 'HPE_INVALID_METHOD' || !error.rawPacket) return undefined;
  const [, method = '', target = ''] = requestLine.exec(error.rawPacket.toString('latin1')) ?? [];
  // A later error in the packet belongs to a pipelined request, whose start is not known.
  if (method === '' || (error.bytesParsed ?? 0) >= method.length) return undefined;
  const allow = allowOf(method, target);
  const [status, head, body] =
    allow === undefined
      ? ['404 Not Found', '', '404 page not found']
      : ['405 Method Not Allowed', `Allow: ${allow}\r\n`, '405 method not allowed'];
  const type = `Content-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close\r\n`;
  return `HTTP/1.1 ${status}\r\n${head}${type}\r\n${body}`;
}
