import type { OllamaError } from '../errors.ts';
import { goJson } from '../wire/go-text.ts';
import type { Exchange } from './exchange.ts';

const JSON_CHARSET = 'application/json; charset=utf-8';
export const JSON_PLAIN = 'application/json';
export const NDJSON = 'application/x-ndjson';
export const SSE = 'text/event-stream';

/** Sends an error of a native route. An error of the runner in a stream keeps its status and is framed as a stream. */
export function sendNativeError(exchange: Exchange, error: OllamaError, stream: boolean): void {
  const body = goJson({ error: error.message });
  if (error.origin === 'runner' && stream) {
    exchange.begin(error.status, JSON_PLAIN);
    exchange.chunk(body);
    exchange.end();
  } else exchange.send(error.status, JSON_CHARSET, body);
}

export function sendJson(exchange: Exchange, value: unknown, status = 200): void {
  exchange.send(status, JSON_CHARSET, goJson(value));
}

/** The error body of OpenAI. */
function openAiError(status: number, message: string): string {
  const type = status === 400 ? 'invalid_request_error' : status === 404 ? 'not_found_error' : 'api_error';
  return goJson({ error: { message, type, param: null, code: null } });
}

/** Sends an error in the request that is found before its translation. */
export function sendOpenAiRefusal(exchange: Exchange, error: OllamaError): void {
  exchange.send(error.status, JSON_CHARSET, openAiError(error.status, error.message));
}

/** Sends an error of the native handler for a translated request. */
export function sendOpenAiError(exchange: Exchange, error: OllamaError, stream: boolean): void {
  const body = `${openAiError(error.status, error.message)}\n`;
  if (error.origin === 'runner' && stream) {
    exchange.begin(error.status, JSON_PLAIN);
    exchange.chunk(body);
    exchange.end();
  } else exchange.send(error.status, JSON_PLAIN, body);
}
