/** An option of the simulator is invalid; `argument` names it. */
export class InvalidArgumentError extends Error {
  readonly code = 'INVALID_ARGUMENT';
  readonly argument: string;

  constructor(argument: string, message: string) {
    super(`${argument}: ${message}`);
    this.name = 'InvalidArgumentError';
    this.argument = argument;
  }
}

/** Origin of an error in Ollama, which decides the framing of the error on the wire. */
export type ErrorOrigin =
  /** The handler refused the request: `application/json; charset=utf-8`. */
  | 'handler'
  /** The runner failed: before the first token of a stream the error is chunked and without charset. */
  | 'runner';

/** An error that a client of the simulated Ollama receives. The texts are those of Ollama. */
export class OllamaError extends Error {
  readonly code = 'OLLAMA_ERROR';
  readonly status: number;
  readonly origin: ErrorOrigin;

  constructor(status: number, message: string, origin: ErrorOrigin = 'handler') {
    super(message);
    this.name = 'OllamaError';
    this.status = status;
    this.origin = origin;
  }
}

/** An error body of llama-server, which Ollama passes on as JSON text inside its own error. */
export function nestedError(status: number, message: string, type: string, more: object = {}): OllamaError {
  const text = JSON.stringify({ error: { code: status, message, type, ...more } });
  return new OllamaError(status, text, 'runner');
}

/** The client left before an answer. Ollama logs this as 499. */
export class ClientGoneError extends Error {
  readonly code = 'CLIENT_GONE';

  constructor() {
    super('request canceled');
    this.name = 'ClientGoneError';
  }
}
