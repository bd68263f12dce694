import { DroverError } from './drover-error.ts';

/** No message was ever put into the queue, or it was removed. Put one, or correct the name. */
export class QueueNotFoundError extends DroverError {
  readonly code = 'queue-not-found';
  readonly queue: string;
  constructor(queue: string) {
    super(`there is no queue ${queue}: it is created when a message is put into it`);
    this.queue = queue;
  }
}

/**
 * Nothing was put. `queue-full`: the queue, or the storage of all queues, holds as much as it may; retry when messages
 * were taken and acknowledged, or dead ones discarded · `too-many-queues`: remove one · `message-too-large`: put a
 * smaller body.
 */
export class QueueLimitError extends DroverError {
  readonly code: 'queue-full' | 'too-many-queues' | 'message-too-large';
  readonly queue: string;
  constructor(code: 'queue-full' | 'too-many-queues' | 'message-too-large', queue: string, detail: string) {
    super(detail);
    this.code = code;
    this.queue = queue;
  }
}

/** The queue still has messages. Take and acknowledge them, or remove it with its messages. */
export class QueueNotEmptyError extends DroverError {
  readonly code = 'queue-not-empty';
  readonly queue: string;
  constructor(queue: string, messages: number) {
    super(`queue ${queue} has ${messages} messages: take them first, or remove it with its messages`);
    this.queue = queue;
  }
}
