/**
 * Address of an actor. `nodeIncarnation` 0 means any incarnation of the node, `uid` 0 any actor with that path; both
 * are used for well-known actors.
 */
export interface ActorAddress {
  /** Id of the node. */
  readonly node: string;
  /** Incarnation of the node; 0: the one that runs. */
  readonly nodeIncarnation: number;
  /** Names from the root, joined by slashes, e.g. `instances/ollama-1`. */
  readonly path: string;
  /** Number of the actor, unique within an incarnation of the node; 0: the actor that has the path. */
  readonly uid: number;
}

/**
 * How a message travels to another node. Control overtakes data, in the mailbox and on the wire. `request` is data and
 * `order` is control on subjects of their own, with NATS permissions for some roles only: gateways and hosts publish
 * `request`, hosts publish `order`. `Props.accepts` of the receiver may require a lane.
 */
export type MessageLane = 'control' | 'data' | 'request' | 'order';

/** Sender of a message from another node, guaranteed by NATS permissions. */
export interface Sender {
  /** Node id of the sender, the last token of the subject. */
  readonly node: string;
  /** Incarnation of the sender, as its frame says. */
  readonly nodeIncarnation: number;
  /** Lane on which the message arrived. */
  readonly lane: MessageLane;
}

/** Options of one message. */
export interface TellOptions {
  /** @default 'data' */
  readonly lane?: MessageLane;
  /** W3C traceparent of the message. @default that of the current message, or of `withTrace` */
  readonly trace?: string | undefined;
  /**
   * True for a message to another node that may wait up to 2 ms for others, so that they share a frame. It waits only
   * while many such messages leave for that node, such as the tokens of many streams, and never behind a message
   * without this option. The order of the lane is kept. @default false
   */
  readonly mayWait?: boolean;
}

/**
 * Reference to an actor of any node. Sending never blocks, throws or waits; a message that cannot be delivered becomes
 * a dead letter and is counted. A ref may be sent inside messages.
 */
export interface ActorRef<in M> {
  /** Address of the actor. */
  readonly address: ActorAddress;
  /**
   * Sends a message without waiting for its delivery. Messages of one sender on one lane arrive in the order in which
   * they were sent.
   */
  tell(message: M, options?: TellOptions): void;
}
