/**
 * Where an actor lives. `nodeIncarnation` 0 means "whichever life of that node is running", used for
 * well-known actors; `uid` 0 means "whichever actor has that path now".
 */
export interface ActorAddress {
  /** Id of its node. */
  readonly node: string;
  /** Which life of that node; 0: whichever runs. */
  readonly nodeIncarnation: number;
  /** Slash-joined names from the root, e.g. `instances/ollama-1`. */
  readonly path: string;
  /** Which actor of that path, unique within a life of the node; 0: whichever is there. */
  readonly uid: number;
}

/**
 * How a message travels to another node. Control overtakes data, in the mailbox and on the wire. `request` is data and
 * `order` is control on subjects of their own, to which NATS lets only some roles publish: `request` gateways and hosts,
 * `order` hosts. `Props.accepts` of the receiver may insist on one.
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

/** How one message travels. */
export interface TellOptions {
  /** @default 'data' */
  readonly lane?: MessageLane;
  /** W3C traceparent the message belongs to. @default that of the message in hand, or of `withTrace` */
  readonly trace?: string | undefined;
}

/**
 * A handle that reaches an actor wherever it lives. Sending never blocks, never throws and never waits; what
 * cannot be delivered becomes a counted dead letter. A ref may travel inside messages.
 */
export interface ActorRef<in M> {
  /** Where it lives. */
  readonly address: ActorAddress;
  /**
   * Sends and forgets: never blocks, throws or waits. Messages of one sender on one lane arrive in the order they
   * were told.
   */
  tell(message: M, options?: TellOptions): void;
}
