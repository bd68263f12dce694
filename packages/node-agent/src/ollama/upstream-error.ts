import { UpstreamError, type UpstreamErrorCode } from '../errors.ts';

const refusedCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ETIMEDOUT',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const staleCodes = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** Converts an error of undici or of the socket to the error of the request. */
export function upstreamError(url: string, error: Error): UpstreamError {
  const code = codeOf(error);
  const kind = kindOf(code, error);
  const detail =
    kind === 'refused'
      ? `cannot connect (${code}); is Ollama running there?`
      : `the connection broke (${describe(code, error)})`;
  return new UpstreamError(kind, url, detail, { cause: error });
}

/** True if the error is that of a socket that the other side closed while it was idle. */
export function isStaleSocketError(error: Error): boolean {
  return staleCodes.has(codeOf(error));
}

function kindOf(code: string, { name, message }: Error): UpstreamErrorCode {
  if (refusedCodes.has(code)) return 'refused';
  const garbled = name === 'HTTPParserError' || code === 'UND_ERR_HEADERS_OVERFLOW';
  return garbled || message === 'bad response' || message === 'bad upgrade' ? 'garbled' : 'lost';
}

/** Text of the error without addresses. Messages of the operating system hold addresses; those of undici do not. */
function describe(code: string, { message }: Error): string {
  if (code === '') return message;
  return code.startsWith('UND_ERR_') ? `${code}: ${message}` : code;
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
