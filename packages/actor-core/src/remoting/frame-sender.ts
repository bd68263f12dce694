import type { ActorAddress } from '../actor/actor-ref.ts';
import { endpointPath } from '../actor/endpoint-path.ts';
import type { Refusable } from '../actor/envelope.ts';
import type { NodeServices } from '../actor/node-services.ts';
import type { DeadLetterReason } from '../actor/runtime-event.ts';
import { type DroverError, MessageTooLargeError } from '../errors.ts';
import type { Subjects } from '../transport/subjects.ts';
import type { Transport } from '../transport/transport.ts';
import { type EncodedMessage, encodeMessage } from './frame-codec.ts';
import { Outbox } from './outbox.ts';
import { Outboxes, type Outgoing } from './outboxes.ts';
import { kind, type WireMessage } from './wire.ts';

/** Bytes kept free in a frame for its header. */
const headerReserveBytes = 64;

/** The bus, and how this node appears on it. */
export interface Bus {
  readonly transport: Transport;
  readonly subjects: Subjects;
  /** Header of each frame of this node. */
  readonly header: Uint8Array;
}

/** Encodes messages for other nodes and sends them in frames. What cannot be sent becomes a dead letter. */
export class FrameSender {
  readonly #node: NodeServices;
  readonly #bus: Bus;
  readonly #outboxes: Outboxes;

  constructor(node: NodeServices, bus: Bus) {
    this.#node = node;
    this.#bus = bus;
    this.#outboxes = new Outboxes((to, lane) => this.#createOutbox(to, lane));
  }

  /** Number of lanes to other nodes. */
  get size(): number {
    return this.#outboxes.size;
  }

  /** Sends a message of this runtime to the runtime of another node. It is repeated by its sender when it is lost. */
  sendControl(node: string, message: WireMessage): void {
    this.post(node, 'ctl', message, undefined, undefined);
  }

  /**
   * `to`: the address of a message of an actor; `ask`: the question that the message carries; `mayWait`: see
   * `TellOptions`.
   */
  post(
    node: string,
    lane: Outgoing,
    message: WireMessage,
    to: ActorAddress | undefined,
    ask: Refusable | undefined,
    mayWait = false,
  ): void {
    const { transport } = this.#bus;
    if (!transport.connected) return this.#lost(to, 'bus-unavailable', ask, undefined, message[4]);
    let encoded: EncodedMessage;
    try {
      encoded = encodeMessage(message);
    } catch (err) {
      this.#node.log.error({ err, node, path: to?.path }, 'a message cannot be encoded');
      this.#refuseAnswer(node, to, 'protocol-mismatch');
      return this.#lost(to, 'protocol-mismatch', ask, undefined, message[4]);
    }
    const limitBytes = transport.maxPayloadBytes - headerReserveBytes;
    const bytes = encoded.end - encoded.start;
    if (bytes > limitBytes) return this.#tooLarge(node, to, bytes, limitBytes, ask, message[4]);
    this.#outboxes.of(node, lane).add(encoded, to, ask, mayWait);
  }

  /** Sends what waits. */
  flush(): void {
    this.#outboxes.flush();
  }

  /** Sends what waits for the node, then closes its lanes. */
  forget(node: string): void {
    this.#outboxes.forget(node);
  }

  #createOutbox(node: string, lane: Outgoing): Outbox {
    const { transport, subjects, header } = this.#bus;
    return new Outbox({
      subject: subjects.inbox(node, lane, this.#node.nodeId),
      header,
      scheduler: this.#node.scheduler,
      clock: this.#node.clock,
      publish: (subject, frame) => transport.publish(subject, frame),
      onLost: (to, ask) => this.#lost(to, transport.connected ? 'bus-overloaded' : 'bus-unavailable', ask),
    });
  }

  #tooLarge(
    node: string,
    to: ActorAddress | undefined,
    bytes: number,
    limitBytes: number,
    ask: Refusable | undefined,
    letter: unknown,
  ): void {
    this.#refuseAnswer(node, to, 'too-large', bytes, limitBytes);
    const error = new MessageTooLargeError(`${node}/${to?.path ?? ''}`, bytes, limitBytes);
    this.#lost(to, 'too-large', ask, error, letter);
  }

  /** An answer that cannot be sent is reported to the asker, which then need not wait for its deadline. */
  #refuseAnswer(
    node: string,
    to: ActorAddress | undefined,
    reason: DeadLetterReason,
    ...sizes: [] | [bytes: number, limitBytes: number]
  ): void {
    if (to?.path === endpointPath) this.sendControl(node, [kind.refused, to.uid, reason, ...sizes]);
  }

  #lost(
    to: ActorAddress | undefined,
    reason: DeadLetterReason,
    ask: Refusable | undefined,
    error?: DroverError,
    letter?: unknown,
  ): void {
    // A message between the runtimes is repeated by its sender and is no dead letter of an actor.
    if (to !== undefined) this.#node.events.deadLetter(to, reason, ask, error, letter);
  }
}
