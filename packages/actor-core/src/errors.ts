/** Our mistake: a caller broke the contract of an argument. Not caught. */
export class InvalidArgumentError extends Error {
  readonly code = 'invalid-argument';
  readonly argument: string;
  constructor(argument: string, detail: string) {
    super(`${argument} ${detail}`);
    this.name = 'InvalidArgumentError';
    this.argument = argument;
  }
}

/** Base of "something failed": a stable `code` is the promise, the text is not. */
export abstract class DroverError extends Error {
  abstract readonly code: string;
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Nobody subscribes to the subject asked. The caller may retry after a short jitter, or take it as "gone". */
export class NoRespondersError extends DroverError {
  readonly code = 'no-responders';
  readonly subject: string;
  constructor(subject: string, options?: ErrorOptions) {
    super(`nobody listens on ${subject}`, options);
    this.subject = subject;
  }
}

/** No answer in time; the other side may have acted. Retry only what is idempotent. */
export class RequestTimeoutError extends DroverError {
  readonly code = 'request-timeout';
  readonly target: string;
  readonly timeoutMs: number;
  constructor(target: string, timeoutMs: number, options?: ErrorOptions) {
    super(`no answer from ${target} within ${timeoutMs} ms`, options);
    this.target = target;
    this.timeoutMs = timeoutMs;
  }
}

/** The bus is away. The caller waits for it or refuses its own caller with a retry hint. */
export class TransportDisconnectedError extends DroverError {
  readonly code = 'bus-unavailable';
  constructor(options?: ErrorOptions) {
    super('not connected to NATS', options);
  }
}

/**
 * Another running process already uses the node id, here or on another machine. Stop that process, or join under
 * another id; if that process is stopping, try again after its end.
 */
export class NodeIdTakenError extends DroverError {
  readonly code = 'node-id-taken';
  readonly node: string;
  /** The process that uses the id, if its announcement arrived in time. */
  readonly holder: { readonly pid: number; readonly incarnation: number } | undefined;
  constructor(
    node: string,
    holder: { readonly pid: number; readonly incarnation: number } | undefined,
    options?: ErrorOptions,
  ) {
    const who =
      holder === undefined ? 'another process' : `another process (pid ${holder.pid} on its machine)`;
    super(`the node id ${node} is in use by ${who}`, options);
    this.node = node;
    this.holder = holder;
  }
}

/** A newer process took over the id of this node, so this process ends: messages and records go to the newer process. */
export class NodeReplacedError extends DroverError {
  readonly code = 'node-replaced';
  readonly node: string;
  /** Process id of the newer process, on its machine. */
  readonly pid: number;
  constructor(node: string, pid: number, options?: ErrorOptions) {
    super(`another process (pid ${pid} on its machine) started later as ${node}: this process ends`, options);
    this.node = node;
    this.pid = pid;
  }
}

/** A durable write was refused because a newer fence holds: the writer is deposed and must stop. */
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

/** A compare-and-set lost: another write came first. Re-read, then decide. */
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

const storeWords: Readonly<Record<StoreTrouble, (stream: string) => string>> = {
  'store-unavailable': (stream) => `JetStream did not confirm the operation on ${stream}`,
  'store-full': (stream) =>
    `JetStream answers but confirms no write to ${stream}: its disk is full, or was full since nats-server started; make room and restart nats-server`,
  'store-missing': (stream) =>
    `the stream ${stream} is not in JetStream: its store was deleted or replaced; restore the store, or restart the hosts to begin with an empty store`,
};

/** The store did not confirm the operation, so a write may or may not have happened. Read before retrying. */
export class StoreUnavailableError extends DroverError {
  readonly code: StoreTrouble;
  readonly stream: string;
  constructor(stream: string, options?: ErrorOptions & { readonly trouble?: StoreTrouble }) {
    const { trouble = 'store-unavailable', ...rest } = options ?? {};
    super(storeWords[trouble](stream), rest);
    this.code = trouble;
    this.stream = stream;
  }
}

/** The actor asked is not there (any more): never started, ended, or of an older life. Retrying the same ref is useless. */
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

/** The mailbox of the actor asked is full. The caller may retry later, or refuse its own caller. */
export class MailboxFullError extends DroverError {
  readonly code = 'mailbox-full';
  readonly path: string;
  constructor(path: string, options?: ErrorOptions) {
    super(`the mailbox of ${path} is full`, options);
    this.path = path;
  }
}

/** A message could not be handed over for a reason that asking again at once does not cure. Nobody retries by itself. */
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
 * A message is larger than the bus carries (NATS: `max_payload`, 1 MiB unless its server says otherwise). It was not
 * sent. Send less, send it in parts, or raise the server's limit; retrying the same is useless.
 */
export class MessageTooLargeError extends DroverError {
  readonly code = 'message-too-large';
  readonly target: string;
  readonly bytes: number;
  readonly limitBytes: number;
  constructor(target: string, bytes: number, limitBytes: number, options?: ErrorOptions) {
    super(
      `a message of ${bytes} bytes for ${target} is larger than the ${limitBytes} that the bus carries`,
      options,
    );
    this.target = target;
    this.bytes = bytes;
    this.limitBytes = limitBytes;
  }
}

/** An answer came from another node and is not what the asker's `reply` says. The question was handled; nobody retries. */
export class AnswerMismatchError extends DroverError {
  readonly code = 'answer-mismatch';
  readonly path: string;
  constructor(path: string, detail: string, options?: ErrorOptions) {
    super(`the answer of ${path} is not what was asked for: ${detail}`, options);
    this.path = path;
  }
}

/** Why something that another node sent could not be taken. */
export type BadFrameReason =
  /** A frame of a version that this node does not know: of a newer one, most likely. */
  | 'unknown-version'
  /** A message of a kind that this node does not know. */
  | 'unknown-kind'
  /** Bytes that are no frame, or a message that is not put together as its kind is. */
  | 'malformed'
  /** A message or an answer that its receiver's schema refuses. */
  | 'protocol-mismatch'
  /** The receiver does not accept this message from this sender, or not on this lane. */
  | 'not-allowed';

/** What another node sent cannot be taken: told and counted by the event `bad-frame`, and never thrown at anybody. */
export class BadFrameError extends DroverError {
  readonly code = 'bad-frame';
  readonly peer: string;
  readonly reason: BadFrameReason;
  constructor(peer: string, reason: BadFrameReason, detail: string, options?: ErrorOptions) {
    super(`${peer} sent what cannot be taken: ${detail}`, options);
    this.peer = peer;
    this.reason = reason;
  }
}

/** An actor was killed; the cause its supervisor sees. */
export class ActorKilledError extends DroverError {
  readonly code = 'actor-killed';
  readonly path: string;
  constructor(path: string, options?: ErrorOptions) {
    super(`${path} was killed`, options);
    this.path = path;
  }
}

/**
 * An actor that this one depends on has ended: one it is linked to failed, was killed or lost with its node, or one it
 * watches ended and it has no handler for that. Its supervisor decides.
 */
export class DeathPactError extends DroverError {
  readonly code = 'death-pact';
  readonly node: string;
  readonly path: string;
  /** How the other one ended. */
  readonly reason: string;
  constructor(
    { node, path }: { readonly node: string; readonly path: string },
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`${node}/${path} has ended (${reason}), and with it who depended on it`, options);
    this.node = node;
    this.path = path;
    this.reason = reason;
  }
}

/** Children failed more often than their supervisor allows; the cause the supervisor's own supervisor sees. */
export class RestartIntensityExceededError extends DroverError {
  readonly code = 'restart-intensity-exceeded';
  readonly child: string;
  constructor(child: string, options?: ErrorOptions) {
    super(`${child} exceeded the restart intensity of its supervisor`, options);
    this.child = child;
  }
}

/** The bus could not be reached in the time allowed for joining. The caller fixes the address or waits. */
export class ConnectError extends DroverError {
  readonly code = 'connect-failed';
  readonly servers: readonly string[];
  constructor(servers: readonly string[], detail: string, options?: ErrorOptions) {
    super(`cannot connect to NATS at ${servers.join(', ')}: ${detail}`, options);
    this.servers = servers;
  }
}

/**
 * The actor asked waits, through a chain of questions, for the asker itself: no answer could ever come. Ask without
 * awaiting in the handler (`pipeToSelf`), or break the circle; retrying is useless.
 */
export class DeadlockError extends DroverError {
  readonly code = 'deadlock';
  readonly path: string;
  constructor(path: string, options?: ErrorOptions) {
    super(`${path} waits, through a chain of questions, for the one who asks it`, options);
    this.path = path;
  }
}

/** The asker cancelled its question (`AskOptions.signal`); `cause` is the signal's reason. The other side may have acted. */
export class AskCancelledError extends DroverError {
  readonly code = 'ask-cancelled';
  readonly target: string;
  constructor(target: string, options?: ErrorOptions) {
    super(`the question to ${target} was cancelled`, options);
    this.target = target;
  }
}

/** An actor put more messages aside than its stash takes; as a failure of that actor its supervisor answers it. */
export class StashFullError extends DroverError {
  readonly code = 'stash-full';
  readonly path: string;
  constructor(path: string, capacity: number, options?: ErrorOptions) {
    super(`the stash of ${path} holds ${capacity} messages and no more`, options);
    this.path = path;
  }
}

/** Items of a stream were lost on the way: what was read is its beginning, never the whole. Ask again or resume. */
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

/** The producer of a stream ended it with an error; `reason` is the producer's own code. */
export class StreamFailedError extends DroverError {
  readonly code = 'stream-failed';
  readonly reason: string;
  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** The reader of a stream has gone or wants no more. The producer stops; nobody retries. */
export class StreamCancelledError extends DroverError {
  readonly code = 'stream-cancelled';
  constructor(options?: ErrorOptions) {
    super('the reader of the stream wants no more', options);
  }
}

/** The actor system is stopping or has stopped and starts nothing new. */
export class SystemStoppedError extends DroverError {
  readonly code = 'system-stopped';
  readonly node: string;
  constructor(node: string, options?: ErrorOptions) {
    super(`the actor system of ${node} has stopped`, options);
    this.node = node;
  }
}

/** Another actor holds the name; `find` tells which. Choose another name, or watch it and try once it is free. */
export class NameTakenError extends DroverError {
  readonly code = 'name-taken';
  /** The name asked for. */
  readonly taken: string;
  constructor(taken: string, holder: string, options?: ErrorOptions) {
    super(`the name ${taken} is held by ${holder}`, options);
    this.taken = taken;
  }
}

/** This node has registered as much as one message to the other nodes holds. Register less, or group what belongs together. */
export class RegistryFullError extends DroverError {
  readonly code = 'registry-full';
  readonly node: string;
  constructor(node: string, options?: ErrorOptions) {
    super(`the registry takes no more entries of ${node}`, options);
    this.node = node;
  }
}

/** There is nobody to route to, now. The caller waits for members of the group, or refuses its own caller. */
export class NoTargetsError extends DroverError {
  readonly code = 'no-targets';
  constructor(options?: ErrorOptions) {
    super('there is no target to route to', options);
  }
}

/** Fewer targets answered than were needed; `errors` says why, one for each that failed. Retry only what is idempotent. */
export class TooFewAnswersError extends DroverError {
  readonly code = 'too-few-answers';
  readonly answered: number;
  readonly needed: number;
  readonly errors: readonly unknown[];
  constructor(answered: number, needed: number, errors: readonly unknown[], options?: ErrorOptions) {
    super(`${answered} of the ${needed} answers needed came`, { cause: errors.at(-1), ...options });
    this.answered = answered;
    this.needed = needed;
    this.errors = errors;
  }
}

/** What is called failed too often and is left alone for now. The caller does without it, or retries after `retryAfterMs`. */
export class CircuitOpenError extends DroverError {
  readonly code = 'circuit-open';
  readonly circuit: string;
  /** 0: a probe is on its way, and its outcome decides. */
  readonly retryAfterMs: number;
  constructor(circuit: string, retryAfterMs: number, options?: ErrorOptions) {
    super(`${circuit} failed too often and is not called for now`, options);
    this.circuit = circuit;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A phase of the shutdown that must succeed did not; the phases after it were not run. Look at its tasks' errors. */
export class ShutdownAbortedError extends DroverError {
  readonly code = 'shutdown-aborted';
  readonly phase: string;
  constructor(phase: string, options?: ErrorOptions) {
    super(`the shutdown ended in its phase ${phase}, which failed`, options);
    this.phase = phase;
  }
}
