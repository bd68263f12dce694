import { DroverError } from './drover-error.ts';

/**
 * A journalled actor stored nothing of a message, because its store is away or full. The caller may repeat the message
 * later. `cause` says what the store answered.
 */
export class NotStoredError extends DroverError {
  readonly code = 'not-stored';
  readonly path: string;
  constructor(path: string, options?: ErrorOptions) {
    super(`${path} could not store what the message leads to; nothing was stored`, options);
    this.path = path;
  }
}

/**
 * A journalled actor does not know whether it stored what a message leads to. It finds out before it handles the next
 * message. The caller asks for the present state before it repeats the message.
 */
export class OutcomeUnknownError extends DroverError {
  readonly code = 'outcome-unknown';
  readonly path: string;
  constructor(path: string, options?: ErrorOptions) {
    super(`${path} does not know whether it stored what the message leads to`, options);
    this.path = path;
  }
}

/**
 * The stored data of a journalled actor does not fit its schemas or its invariant, so that it handles no message. The
 * data is kept. A person looks at it (`listQuarantined`); a program that can read it recovers by itself.
 */
export class QuarantinedError extends DroverError {
  readonly code = 'quarantined';
  readonly path: string;
  constructor(path: string, options?: ErrorOptions) {
    super(`the stored data of ${path} is quarantined`, options);
    this.path = path;
  }
}
