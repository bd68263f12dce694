import type { ZodError } from 'zod';
import type { MessageLane, Sender } from '../actor/actor-ref.ts';
import { decodeChain } from '../actor/call-chain.ts';
import { endpointPath } from '../actor/endpoint-path.ts';
import { causeFrom } from '../actor/last-failure.ts';
import type { Recipient } from '../actor/local-actor.ts';
import { isControl } from '../actor/message-lane.ts';
import type { DeadLetterReason } from '../actor/runtime-event.ts';
import { asTrace, question, traced } from '../actor/trace-context.ts';
import { BadFrameError, type BadFrameReason, MessageTooLargeError } from '../errors.ts';
import { RejectedMessage } from '../system/event-hub.ts';
import type { TransportMessage } from '../transport/transport.ts';
import { type FrameReader, maxFaultsPerFrame, readFrame } from './frame-codec.ts';
import type { FrameSender } from './frame-sender.ts';
import type { InboundWatches } from './inbound-watches.ts';
import type { LocalPorts } from './local-ports.ts';
import type { OutboundWatches } from './outbound-watches.ts';
import type { Peers } from './peers.ts';
import type { QuestionWithdrawals } from './question-withdrawal.ts';
import { RemoteAsker } from './remote-asker.ts';
import type { TellMessage } from './tell-message.ts';
import { kind, type WireMessage } from './wire.ts';

type RefusedMessage = Extract<WireMessage, readonly [5, ...unknown[]]>;

/** The parts of remoting that received messages go to. */
export interface ReceiverParts {
  readonly sender: FrameSender;
  readonly peers: Peers;
  readonly inbound: InboundWatches;
  readonly outbound: OutboundWatches;
  readonly withdrawals: QuestionWithdrawals;
  /** A frame of this incarnation of the node has arrived. */
  onNode(node: string, incarnation: number): void;
}

/** Reads the frames of other nodes, checks each message, and delivers it or reports why it was not delivered. */
export class FrameReceiver {
  readonly #node: LocalPorts;
  readonly #parts: ReceiverParts;
  /** Messages of the current frame that did not fit the protocol of their receiver. */
  #mismatches = 0;

  constructor(node: LocalPorts, parts: ReceiverParts) {
    this.#node = node;
    this.#parts = parts;
  }

  receive(message: TransportMessage, lane: MessageLane): void {
    const peer = message.subject.slice(message.subject.lastIndexOf('.') + 1);
    let sender: Sender = { node: peer, nodeIncarnation: 0, lane };
    const reader: FrameReader = {
      resolveRef: (address) => this.#node.refs.resolve(address, peer),
      onSender: (incarnation) => {
        sender = { node: peer, nodeIncarnation: incarnation, lane };
        if (incarnation <= this.#parts.peers.goneIncarnation(peer)) return false;
        this.#parts.onNode(peer, incarnation);
        return true;
      },
      onMessage: (one) => this.#handle(sender, one),
      onFault: (reason, detail) => this.#fault(peer, reason, detail),
    };
    this.#mismatches = 0;
    readFrame(message.payload, reader);
  }

  #handle(sender: Sender, message: WireMessage): void {
    const { node: peer, nodeIncarnation: incarnation } = sender;
    const { inbound, outbound, withdrawals } = this.#parts;
    switch (message[0]) {
      case kind.tell:
        return this.#handleTell(sender, message);
      case kind.watch:
        return inbound.watch(peer, incarnation, message);
      case kind.unwatch:
        return inbound.unwatch(peer, message[1]);
      case kind.watching:
        return outbound.confirmed(message[1], peer, incarnation, message[2], message[3]);
      case kind.terminated:
        return outbound.terminated(message[1], peer, message[2], causeFrom(message[3], message[4]));
      case kind.refused:
        return this.#handleRefused(peer, message);
      case kind.takeBack:
        return withdrawals.handle(peer, message);
    }
  }

  #handleTell(sender: Sender, message: TellMessage): void {
    const { node: peer, lane } = sender;
    const [, path, uid, nodeIncarnation, payload, askUid, , traceparent, waitMs] = message;
    const { actors, incarnation, clock } = this.#node;
    const asker = askUid === 0 ? undefined : this.#askerOf(peer, askUid, message);
    const refuse = (reason: DeadLetterReason) => this.#refuse(message, reason, asker);
    if (nodeIncarnation !== 0 && nodeIncarnation !== incarnation) return refuse('stale-incarnation');
    // A delivery confirmation of the runtime names no incarnation and belongs to no asker.
    if (path === endpointPath) return this.#handleAnswer(peer, uid, payload, nodeIncarnation !== 0);
    const recipient = actors.findRecipient(path, uid);
    if (recipient === undefined) return refuse('no-such-actor');
    const { protocol } = recipient.props;
    if (protocol === undefined) return refuse('not-exposed');
    const parsed = protocol.safeParse(payload);
    if (!parsed.success) {
      this.#mismatch(peer, `message for ${path} does not fit its protocol`, parsed.error);
      return refuse('protocol-mismatch');
    }
    if (!this.#accepts(recipient, parsed.data, sender, path)) return refuse('not-allowed');
    const trace = asTrace(traceparent);
    if (asker !== undefined && typeof waitMs === 'number')
      return recipient.deliverOrWait(traced(parsed.data, trace), asker.blockedFor(waitMs, clock));
    if (asker === undefined) recipient.deliver(traced(parsed.data, trace), isControl(lane));
    else {
      recipient.deliver(question(parsed.data, asker, trace), isControl(lane));
      if (asker.chain !== undefined) this.#parts.withdrawals.refuseCycle(recipient, asker);
    }
  }

  #accepts({ props }: Recipient, message: unknown, sender: Sender, path: string): boolean {
    if (props.accepts === undefined || props.accepts(message as never, sender)) return true;
    const detail = `${sender.node} may not send ${path} this message on the lane ${sender.lane}`;
    if (++this.#mismatches <= maxFaultsPerFrame) this.#fault(sender.node, 'not-allowed', detail);
    return false;
  }

  #refuse(message: TellMessage, reason: DeadLetterReason, asker: RemoteAsker | undefined): void {
    const [, path, uid, nodeIncarnation, payload] = message;
    const { nodeId, events } = this.#node;
    const to = { node: nodeId, nodeIncarnation, path, uid };
    events.deadLetter(to, reason, asker, undefined, new RejectedMessage(payload));
  }

  #askerOf(peer: string, askUid: number, message: TellMessage): RemoteAsker {
    const [, , , , , , chain, , , restMs, onlyBegin] = message;
    const { clock } = this.#node;
    const untilMs = typeof restMs === 'number' && restMs >= 0 ? clock.now() + restMs : undefined;
    const deadline = onlyBegin === 1 ? undefined : untilMs;
    const { sender } = this.#parts;
    return new RemoteAsker(sender, clock, peer, askUid, decodeChain(chain), untilMs, deadline);
  }

  #handleAnswer(peer: string, uid: number, payload: unknown, isOfActor: boolean): void {
    const { endpoints } = this.#node;
    const endpoint = endpoints.find(uid);
    if (endpoint === undefined) {
      // A message of a stream that arrives after the end of the stream was already in transit: no error.
      if (isOfActor && uid % 2 === 0) endpoints.lateAnswer(uid, new RejectedMessage(payload));
      return;
    }
    if (endpoint.protocol === undefined) return endpoint.tell(payload as never);
    const parsed = endpoint.protocol.safeParse(payload);
    if (parsed.success) return endpoint.tell(parsed.data as never);
    this.#mismatch(peer, 'answer does not fit what was asked for', parsed.error);
    endpoint.mismatched(parsed.error.issues[0]?.message ?? 'unknown issue');
  }

  #handleRefused(peer: string, [, ask, reason, bytes, limitBytes]: RefusedMessage): void {
    const error =
      reason === 'too-large' && typeof bytes === 'number' && typeof limitBytes === 'number'
        ? new MessageTooLargeError(`${this.#node.nodeId}, from ${peer},`, bytes, limitBytes)
        : undefined;
    this.#node.endpoints.find(ask)?.refuseFrom(peer, reason, error);
  }

  /** Reports at most `maxFaultsPerFrame` mismatches of a frame: to report all would take seconds for a megabyte. */
  #mismatch(peer: string, what: string, { issues }: ZodError): void {
    if (++this.#mismatches > maxFaultsPerFrame) return;
    this.#fault(peer, 'protocol-mismatch', `${what}: ${issues[0]?.message ?? 'unknown issue'}`);
  }

  #fault(peer: string, reason: BadFrameReason, detail: string): void {
    this.#parts.peers.warnOnce(peer, detail);
    const error = new BadFrameError(peer, reason, detail);
    this.#node.events.emit({ type: 'bad-frame', peer, detail, error });
  }
}
