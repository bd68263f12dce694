import type { UpstreamError } from '../errors.ts';

/** Receives the answer of one posted request, in order. The last call is exactly one of `onEnd` and `onError`. */
export interface AnswerHandler {
  onHead(head: AnswerHead): void;
  onData(packet: Buffer): void;
  onEnd(): void;
  onError(error: UpstreamError): void;
}

export interface AnswerHead {
  readonly status: number;
  /** Empty when absent. */
  readonly contentType: string;
  /** Set by the answer reader: the error does not have the shape of Ollama's errors. */
  readonly foreign?: boolean;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A request inside Ollama. */
export interface UpstreamRequest {
  /**
   * Destroys the socket, which frees the slot in Ollama. No callback follows. Has no effect after the end of the
   * request.
   */
  abort(): void;
}

/** A complete small answer. */
export interface Reply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** The HTTP interface of one Ollama. Implemented by `undici-ollama.ts`. */
export interface Ollama {
  readonly url: string;
  /**
   * Posts JSON, without a deadline. Sends the request once more if a reused socket was stale and nothing came back on
   * it.
   *
   * @param trace W3C traceparent for a proxy in front of Ollama. @default none
   */
  post(path: string, body: Uint8Array, handler: AnswerHandler, trace?: string): UpstreamRequest;
  /** Sends a request with a small answer. @throws UpstreamError also at the deadline */
  ask(
    method: 'GET' | 'POST',
    path: string,
    options: { timeoutMs: number; body?: Uint8Array },
  ): Promise<Reply>;
  /** Destroys every connection. */
  close(): void;
}
