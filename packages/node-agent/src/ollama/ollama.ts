import type { UpstreamError } from '../errors.ts';

/** What comes back of one posted request, in order; exactly one of `onEnd` and `onError` is last. */
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
  /** Set by the reader: the error is not in Ollama's shape. */
  readonly foreign?: boolean;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A request inside Ollama. */
export interface UpstreamRequest {
  /** Destroys the socket, which frees Ollama's slot; nothing is called back afterwards. Harmless when over. */
  abort(): void;
}

/** A whole small answer. */
export interface Reply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** The HTTP side of one Ollama. Fulfilled by `undici-ollama.ts`. */
export interface Ollama {
  readonly url: string;
  /** Posts JSON; has no deadline of its own. A stale reused socket is retried once, if nothing came back on it. */
  post(path: string, body: Uint8Array, handler: AnswerHandler): UpstreamRequest;
  /** One short question. @throws UpstreamError also at the deadline */
  ask(
    method: 'GET' | 'POST',
    path: string,
    options: { timeoutMs: number; body?: Uint8Array },
  ): Promise<Reply>;
  /** Destroys every connection. */
  close(): void;
}
