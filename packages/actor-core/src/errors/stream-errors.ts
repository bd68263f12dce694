import { DroverError } from './drover-error.ts';

/** Items of a stream were lost on the way. The items read so far are its beginning. Ask again or resume. */
export class StreamBrokenError extends DroverError {
  readonly code = 'stream-broken';
  readonly path: string;
  /** Items that arrived before the gap. */
  readonly received: number;
  constructor(path: string, received: number, next: number, options?: ErrorOptions) {
    super(`the stream from ${path} lost items ${received} to ${next - 1}`, options);
    this.path = path;
    this.received = received;
  }
}

/** The producer of a stream ended it with an error; `reason` is the code that the producer gave. */
export class StreamFailedError extends DroverError {
  readonly code = 'stream-failed';
  readonly reason: string;
  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** The reader of a stream has gone or has cancelled it. The producer stops; do not retry. */
export class StreamCancelledError extends DroverError {
  readonly code = 'stream-cancelled';
  constructor(options?: ErrorOptions) {
    super('the reader has cancelled the stream', options);
  }
}
