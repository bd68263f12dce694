import { DroverError } from './drover-error.ts';

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

/**
 * A newer process took over the id of this node, so this process ends: messages and records go to the newer process.
 */
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

/**
 * The view of the cluster says that this incarnation of the node has ended: the control leader did not reach it for a
 * while, and another node neither. Its actors may run elsewhere by now, so they stop here. Join again as a new
 * incarnation.
 */
export class NodeDeclaredDeadError extends DroverError {
  readonly code = 'node-declared-dead';
  readonly node: string;
  readonly incarnation: number;
  /** Number of the view that says so. */
  readonly epoch: number;
  constructor(node: string, incarnation: number, epoch: number, options?: ErrorOptions) {
    super(`the cluster has declared ${node} dead in view ${epoch}: this incarnation ends`, options);
    this.node = node;
    this.incarnation = incarnation;
    this.epoch = epoch;
  }
}

/** The leadership under which a decision was made is over. Nothing that was decided under it may be done any more. */
export class TenureEndedError extends DroverError {
  readonly code = 'tenure-ended';
  readonly group: string;
  readonly term: number;
  constructor(group: string, term: number, why: string, options?: ErrorOptions) {
    super(`this node no longer leads ${group} in term ${term}: ${why}`, options);
    this.group = group;
    this.term = term;
  }
}

/**
 * Most other nodes know a later incarnation of this node, and ignore the messages of this one. This process ends;
 * started again, it gets a later incarnation.
 */
export class NodeOutdatedError extends DroverError {
  readonly code = 'node-outdated';
  readonly node: string;
  readonly incarnation: number;
  /** The later incarnation that the others know. */
  readonly known: number;
  constructor(node: string, incarnation: number, known: number, options?: ErrorOptions) {
    super(
      `the other nodes know incarnation ${known} of ${node} and ignore this process, incarnation ${incarnation}: this process ends`,
      options,
    );
    this.node = node;
    this.incarnation = incarnation;
    this.known = known;
  }
}

/** Another actor holds the name; `find` returns that actor. Choose another name, or watch the name until it is free. */
export class NameTakenError extends DroverError {
  readonly code = 'name-taken';
  /** The name asked for. */
  readonly taken: string;
  constructor(taken: string, holder: string, options?: ErrorOptions) {
    super(`the name ${taken} is held by ${holder}`, options);
    this.taken = taken;
  }
}

/** This node has registered as many entries as one message to the other nodes holds. Register less, or use groups. */
export class RegistryFullError extends DroverError {
  readonly code = 'registry-full';
  readonly node: string;
  constructor(node: string, options?: ErrorOptions) {
    super(`the registry takes no more entries of ${node}`, options);
    this.node = node;
  }
}

/** An answer from another node does not fit the `reply` schema of the asker. The question was handled; do not retry. */
export class AnswerMismatchError extends DroverError {
  readonly code = 'answer-mismatch';
  readonly path: string;
  constructor(path: string, detail: string, options?: ErrorOptions) {
    super(`the answer of ${path} is not what was asked for: ${detail}`, options);
    this.path = path;
  }
}

/** Why a frame or a message of another node was rejected. */
export type BadFrameReason =
  /** A frame of a version that this node does not know, most likely a newer one. */
  | 'unknown-version'
  /** A message of a kind that this node does not know. */
  | 'unknown-kind'
  /** Bytes that are not a frame, or a message without the fields of its kind. */
  | 'malformed'
  /** A message or an answer that does not fit the schema of its receiver. */
  | 'protocol-mismatch'
  /** The receiver does not accept this message from this sender, or not on this lane. */
  | 'not-allowed';

/** A frame or a message of another node was rejected. Reported and counted by the event `bad-frame`; never thrown. */
export class BadFrameError extends DroverError {
  readonly code = 'bad-frame';
  readonly peer: string;
  readonly reason: BadFrameReason;
  constructor(peer: string, reason: BadFrameReason, detail: string, options?: ErrorOptions) {
    super(`${peer} sent an invalid frame or message: ${detail}`, options);
    this.peer = peer;
    this.reason = reason;
  }
}
