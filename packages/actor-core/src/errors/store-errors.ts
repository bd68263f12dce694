import { DroverError } from './drover-error.ts';

/**
 * A durable write was refused because a newer fencing token exists: the writer is no longer the leader and must stop.
 */
export class FenceRejectedError extends DroverError {
  readonly code = 'fence-rejected';
  readonly stream: string;
  readonly fence: number;
  constructor(stream: string, fence: number, options?: ErrorOptions) {
    super(`fence ${fence} of ${stream} is no longer the newest`, options);
    this.stream = stream;
    this.fence = fence;
  }
}

/** A compare-and-set failed because another write came first. Read again, then decide. */
export class WrongSequenceError extends DroverError {
  readonly code = 'wrong-sequence';
  readonly subject: string;
  constructor(subject: string, options?: ErrorOptions) {
    super(`another write to ${subject} came first`, options);
    this.subject = subject;
  }
}

/**
 * `store-unavailable`: JetStream does not answer · `store-full`: JetStream answers questions and confirms no write: the
 * disk is full, or was full since nats-server started · `store-missing`: the stream does not exist.
 */
export type StoreTrouble = 'store-unavailable' | 'store-full' | 'store-missing';

const storeMessages: Readonly<Record<StoreTrouble, (stream: string) => string>> = {
  'store-unavailable': (stream) => `JetStream did not confirm the operation on ${stream}`,
  'store-full': (stream) =>
    `JetStream answers but confirms no write to ${stream}: its disk is full, or was full since nats-server started; free disk space and restart nats-server`,
  'store-missing': (stream) =>
    `the stream ${stream} is not in JetStream: its store was deleted or replaced; restore the store, or restart the hosts to begin with an empty store`,
};

/** The store did not confirm the operation, so a write may or may not have happened. Read before retrying. */
export class StoreUnavailableError extends DroverError {
  readonly code: StoreTrouble;
  readonly stream: string;
  constructor(stream: string, options?: ErrorOptions & { readonly trouble?: StoreTrouble }) {
    const { trouble = 'store-unavailable', ...rest } = options ?? {};
    super(storeMessages[trouble](stream), rest);
    this.code = trouble;
    this.stream = stream;
  }
}
