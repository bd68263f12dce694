import { DroverError } from '@drover/actor-core';

/**
 * `refused`: no connection could be made, so nothing ran · `lost`: the connection broke · `garbled`: the answer is not
 * HTTP.
 */
export type UpstreamErrorCode = 'refused' | 'lost' | 'garbled';

/**
 * An exchange with an Ollama failed below HTTP. The job reports it to its session, which decides on a retry. The
 * message may reach a client, so the address is a field of its own, for logs.
 */
export class UpstreamError extends DroverError {
  readonly code: UpstreamErrorCode;
  readonly url: string;
  constructor(code: UpstreamErrorCode, url: string, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.code = code;
    this.url = url;
  }
}
