import { DroverError } from './drover-error.ts';

/**
 * The asked actor never started, has ended, or belongs to an older incarnation. Retrying the same ref does not help.
 */
export class ActorNotFoundError extends DroverError {
  readonly code = 'actor-not-found';
  readonly path: string;
  readonly node: string;
  constructor(node: string, path: string, options?: ErrorOptions) {
    super(`no actor ${path} on ${node}`, options);
    this.node = node;
    this.path = path;
  }
}

/** The mailbox of the asked actor is full. The caller may retry later, or refuse its own caller. */
export class MailboxFullError extends DroverError {
  readonly code = 'mailbox-full';
  readonly path: string;
  constructor(path: string, options?: ErrorOptions) {
    super(`the mailbox of ${path} is full`, options);
    this.path = path;
  }
}

/** A message could not be delivered, and an immediate retry would fail too. It is not retried automatically. */
export class MessageRefusedError extends DroverError {
  readonly code = 'message-refused';
  readonly path: string;
  readonly reason: string;
  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`a message to ${path} was refused: ${reason}`, options);
    this.path = path;
    this.reason = reason;
  }
}

/**
 * The asked actor waits for the asker, directly or through other questions, so that no answer can ever come. Ask
 * without awaiting in the handler (`pipeToSelf`), or remove the cycle; a retry does not help.
 */
export class DeadlockError extends DroverError {
  readonly code = 'deadlock';
  readonly path: string;
  constructor(path: string, options?: ErrorOptions) {
    super(`${path} waits, directly or through other questions, for the actor that asks it`, options);
    this.path = path;
  }
}

/**
 * The asker cancelled its question (`AskOptions.signal`); `cause` is the signal's reason. The other side may have
 * acted.
 */
export class AskCancelledError extends DroverError {
  readonly code = 'ask-cancelled';
  readonly target: string;
  constructor(target: string, options?: ErrorOptions) {
    super(`the question to ${target} was cancelled`, options);
    this.target = target;
  }
}

/** An actor stashed more messages than its stash holds. The actor fails, and its supervisor decides what follows. */
export class StashFullError extends DroverError {
  readonly code = 'stash-full';
  readonly path: string;
  constructor(path: string, capacity: number, options?: ErrorOptions) {
    super(`the stash of ${path} holds ${capacity} messages and no more`, options);
    this.path = path;
  }
}

/** An actor was killed. The supervisor of the actor gets this error as the cause. */
export class ActorKilledError extends DroverError {
  readonly code = 'actor-killed';
  readonly path: string;
  constructor(path: string, options?: ErrorOptions) {
    super(`${path} was killed`, options);
    this.path = path;
  }
}

/**
 * An actor that this actor depends on has ended: a linked actor failed, was killed or was lost with its node, or a
 * watched actor ended and this actor has no handler for signals. The supervisor decides what follows.
 */
export class DeathPactError extends DroverError {
  readonly code = 'death-pact';
  readonly node: string;
  readonly path: string;
  /** How the other actor ended. */
  readonly reason: string;
  constructor(
    { node, path }: { readonly node: string; readonly path: string },
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`${node}/${path} has ended (${reason}), and this actor depends on it`, options);
    this.node = node;
    this.path = path;
    this.reason = reason;
  }
}

/** Children failed more often than their supervisor allows. The supervisor fails with this error as its cause. */
export class RestartIntensityExceededError extends DroverError {
  readonly code = 'restart-intensity-exceeded';
  readonly child: string;
  constructor(child: string, options?: ErrorOptions) {
    super(`${child} exceeded the restart intensity of its supervisor`, options);
    this.child = child;
  }
}

/** The actor system is stopping or has stopped, and starts no actors. */
export class SystemStoppedError extends DroverError {
  readonly code = 'system-stopped';
  readonly node: string;
  constructor(node: string, options?: ErrorOptions) {
    super(`the actor system of ${node} has stopped`, options);
    this.node = node;
  }
}
