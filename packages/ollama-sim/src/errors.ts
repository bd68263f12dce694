/** An option of the simulator that cannot be used; `argument` names it. */
export class InvalidArgumentError extends Error {
  readonly code = 'INVALID_ARGUMENT';
  readonly argument: string;

  constructor(argument: string, message: string) {
    super(`${argument}: ${message}`);
    this.name = 'InvalidArgumentError';
    this.argument = argument;
  }
}

/** Where an answer of Ollama's went wrong, which decides how the error is framed on the wire. */
export type ErrorOrigin =
  /** Refused by the handler: `application/json; charset=utf-8`. */
  | 'handler'
  /** Said by the runner: before the first token of a stream it comes chunked and without charset. */
  | 'runner';

/** An error that a client of the simulated Ollama sees. The texts are Ollama's own. */
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

/** An error body of llama-server, which Ollama passes on as a string of JSON inside its own error. */
export function nestedError(status: number, message: string, type: string, more: object = {}): OllamaError {
  const text = JSON.stringify({ error: { code: status, message, type, ...more } });
  return new OllamaError(status, text, 'runner');
}

/** The client left before an answer; Ollama logs 499 and nobody reads it. */
export class ClientGoneError extends Error {
  readonly code = 'CLIENT_GONE';

  constructor() {
    super('request canceled');
    this.name = 'ClientGoneError';
  }
}
