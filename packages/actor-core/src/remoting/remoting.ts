import type { ZodError } from 'zod';
import type { ActorAddress, MessageLane, Sender } from '../actor/actor-ref.ts';
import { decodeChain, encodeChain } from '../actor/call-chain.ts';
import type { Question, Refusable } from '../actor/envelope.ts';
import { endpointPath } from '../actor/endpoint.ts';
import { causeFrom } from '../actor/last-failure.ts';
import type { Link } from '../cell/link.ts';
import { StrangersMessage } from '../system/event-hub.ts';
import type { Runtime } from '../system/runtime.ts';
import type { DeadLetterReason } from '../actor/runtime-event.ts';
import type { TableSizes } from '../actor/table-sizes.ts';
import { asTrace, question, traced } from '../actor/trace-context.ts';
import type { Watch } from '../cell/watch.ts';
import type { Clock, Timer } from '../clock.ts';
import { BadFrameError, type BadFrameReason, type DroverError, MessageTooLargeError } from '../errors.ts';
import { anyToken, type Subjects } from '../transport/subjects.ts';
import type { Transport, TransportMessage } from '../transport/transport.ts';
import {
  type EncodedMessage,
  encodeMessage,
  type FrameReader,
  frameHeader,
  maxFaultsPerFrame,
  readFrame,
} from './frame-codec.ts';
import { isControl, messageLanes, wireLane } from './message-lanes.ts';
import { Outbox } from './outbox.ts';
import { Outboxes, type Outgoing } from './outboxes.ts';
import { Peers } from './peers.ts';
import { QuestionWithdrawals } from './question-withdrawal.ts';
import { RemoteAsker } from './remote-asker.ts';
import { OutboundWatches } from './outbound-watches.ts';
import { InboundWatches } from './inbound-watches.ts';
import { kind, type WireMessage } from './wire.ts';

type TellMessage = Extract<WireMessage, readonly [0, ...unknown[]]>;
type RefusedMessage = Extract<WireMessage, readonly [5, ...unknown[]]>;

/** Time after which a down node is forgotten; equal to the time for which presence lists it. */
const forgetMs = 10 * 60_000;

/** Bytes kept free in a frame for its header. */
const headerReserve = 64;

/** One node's side of the actor protocol between nodes: refs over the bus. */
export class Remoting {
  readonly #runtime: Runtime;
  readonly #transport: Transport;
  readonly #subjects: Subjects;
  readonly #header: Uint8Array;
  readonly #outboxes: Outboxes;
  readonly #watches: OutboundWatches;
  readonly #inboundWatches: InboundWatches;
  readonly #withdrawals: QuestionWithdrawals;
  readonly #peers: Peers;
  readonly #pongListeners = new Set<(node: string) => void>();
  /** Messages of the current frame that did not match their receiver's protocol. */
  #mismatches = 0;
  readonly #ends: (() => void)[] = [];
  #forgetTimer: Timer | undefined = undefined;

  constructor(runtime: Runtime, transport: Transport, subjects: Subjects) {
    this.#runtime = runtime;
    this.#transport = transport;
    this.#subjects = subjects;
    this.#header = frameHeader(runtime.incarnation);
    this.#peers = new Peers(runtime.log);
    this.#outboxes = new Outboxes((node, lane) => this.#makeOutbox(node, lane));
    const sendControl = (node: string, message: WireMessage) =>
      this.#post(node, 'ctl', message, undefined, undefined);
    this.#inboundWatches = new InboundWatches(runtime, sendControl);
    this.#withdrawals = new QuestionWithdrawals(runtime, sendControl);
    this.#watches = new OutboundWatches({
      clock: runtime.clock,
      send: sendControl,
      connected: () => transport.connected,
    });
    this.#listen();
  }

  send(
    to: ActorAddress,
    message: unknown,
    lane: MessageLane | undefined,
    ask: Question | undefined,
    trace: string | undefined,
  ): void {
    this.#post(to.node, wireLane[lane ?? 'data'], tellOf(to, message, ask, trace), to, ask);
  }

  /** Sends a message whose sender learns when it is in the mailbox over there. */
  sendOrWait(
    to: ActorAddress,
    message: unknown,
    wait: Question,
    timeoutMs: number,
    trace: string | undefined,
  ): void {
    const { path, uid, nodeIncarnation } = to;
    const waitUid = wait.address.uid;
    const tell: WireMessage = [
      kind.tell,
      path,
      uid,
      nodeIncarnation,
      message,
      waitUid,
      null,
      trace ?? null,
      timeoutMs,
    ];
    this.#post(to.node, 'dat', tell, to, wait);
  }

  watch(watch: Watch, address: ActorAddress): void {
    const goneBy = this.#peers.goneIncarnation(address.node);
    if (address.nodeIncarnation !== 0 && address.nodeIncarnation <= goneBy) watch.terminated('node-down');
    else if (this.#peers.isDown(address.node)) watch.terminated('node-down');
    else this.#watches.add(watch, address);
  }

  /** One side of a link to an actor of another node; `linked` as in a watch message. */
  link(link: Link, linked: number): void {
    const { node, nodeIncarnation } = link.target.address;
    const isOver = nodeIncarnation !== 0 && nodeIncarnation <= this.#peers.goneIncarnation(node);
    if (isOver || this.#peers.isDown(node)) link.terminated('node-down');
    else this.#watches.addLink(link, linked);
  }

  /** Membership says: that life of the node is running. Earlier ones are over. */
  nodeUp(node: string, incarnation: number): void {
    if (this.#peers.up(node, incarnation)) this.#forgetLives(node, incarnation - 1, true, true);
  }

  /** Membership says: that life of the node is unreachable, or (`gone`) over for good. */
  nodeDown(node: string, incarnation: number, gone: boolean): void {
    this.#peers.down(node, incarnation, gone, this.#runtime.clock.now());
    this.#forgetLives(node, incarnation, gone, false);
    if (gone && this.#peers.isDown(node)) this.#outboxes.forget(node);
    this.#forgetTimer ??= this.#runtime.clock.setTimer(forgetMs, this.#forgetDown);
  }

  /** Removes the data kept for down nodes when presence forgets them. */
  readonly #forgetDown = (): void => {
    this.#forgetTimer = undefined;
    for (const { node, incarnation } of this.#peers.forgetDownSince(this.#runtime.clock.now() - forgetMs)) {
      this.#forgetLives(node, incarnation, true, false);
      this.#outboxes.forget(node);
    }
    if (this.#peers.isAnyDown) this.#forgetTimer = this.#runtime.clock.setTimer(forgetMs, this.#forgetDown);
  };

  get clock(): Clock {
    return this.#runtime.clock;
  }

  addSizes(to: TableSizes): void {
    to.outboundWatches += this.#watches.size;
    to.inboundWatches += this.#inboundWatches.size;
    to.peers += this.#peers.size;
    to.outboxes += this.#outboxes.size;
  }

  close(): void {
    this.#outboxes.flush();
    this.#watches.close();
    this.#forgetTimer?.cancel();
    for (const end of this.#ends) end();
  }

  #listen(): void {
    const transport = this.#transport;
    const subjects = this.#subjects;
    const runtime = this.#runtime;
    for (const lane of messageLanes) {
      const subject = subjects.inbox(runtime.nodeId, wireLane[lane], anyToken);
      const subscription = transport.subscribe(subject, (message) => this.#receive(message, lane));
      this.#ends.push(() => subscription.unsubscribe());
    }
    // Subscribed last: when a message reaches this subscription, the others are active too.
    const ping = transport.subscribe(subjects.inbox(runtime.nodeId, 'ping', anyToken), (message) =>
      this.#pinged(message),
    );
    this.#ends.push(() => ping.unsubscribe());
    this.#ends.push(
      transport.onConnectionChange((connected) => {
        if (connected) this.#watches.reconnected();
      }),
    );
  }

  /** Asks that node to reach this one's inbox; `onPong` is told when it has. */
  ping(node: string): void {
    this.#transport.publish(this.#subjects.inbox(node, 'ping', this.#runtime.nodeId), new Uint8Array(0));
  }

  /** Tells each node that answered a `ping`. Returns the unsubscriber. */
  onPong(listener: (node: string) => void): () => void {
    this.#pongListeners.add(listener);
    return () => this.#pongListeners.delete(listener);
  }

  /** A question is answered; an empty word asks to be reached in turn; one with something in it is that. */
  #pinged(message: TransportMessage): void {
    if (message.respond !== undefined) return message.respond(this.#header);
    const peer = message.subject.slice(message.subject.lastIndexOf('.') + 1);
    if (message.payload.length > 0) for (const listener of this.#pongListeners) listener(peer);
    else this.#transport.publish(this.#subjects.inbox(peer, 'ping', this.#runtime.nodeId), this.#header);
  }

  #post(
    node: string,
    lane: Outgoing,
    message: WireMessage,
    to: ActorAddress | undefined,
    ask: Refusable | undefined,
  ): void {
    if (!this.#transport.connected) return this.#lost(to, 'bus-unavailable', ask, undefined, message[4]);
    let encoded: EncodedMessage;
    try {
      encoded = encodeMessage(message);
    } catch (err) {
      this.#runtime.log.error({ err, node, path: to?.path }, 'a message cannot be encoded');
      this.#refuseAnswered(node, to, 'protocol-mismatch');
      return this.#lost(to, 'protocol-mismatch', ask, undefined, message[4]);
    }
    const limitBytes = this.#transport.maxPayloadBytes - headerReserve;
    const bytes = encoded.end - encoded.start;
    if (bytes > limitBytes) return this.#tooLarge(node, to, bytes, limitBytes, ask, message[4]);
    this.#outboxes.of(node, lane).add(encoded, to, ask);
  }

  #makeOutbox(node: string, lane: Outgoing): Outbox {
    return new Outbox({
      subject: this.#subjects.inbox(node, lane, this.#runtime.nodeId),
      header: this.#header,
      scheduler: this.#runtime.scheduler,
      publish: (on, frame) => this.#transport.publish(on, frame),
      onLost: (to, ask) =>
        this.#lost(to, this.#transport.connected ? 'bus-overloaded' : 'bus-unavailable', ask),
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
    this.#refuseAnswered(node, to, 'too-large', bytes, limitBytes);
    const error = new MessageTooLargeError(`${node}/${to?.path ?? ''}`, bytes, limitBytes);
    this.#lost(to, 'too-large', ask, error, letter);
  }

  /** An answer cannot be sent and never will be: whoever waits for it over there need not wait for its deadline. */
  #refuseAnswered(
    node: string,
    to: ActorAddress | undefined,
    reason: DeadLetterReason,
    ...sizes: [] | [bytes: number, limitBytes: number]
  ): void {
    if (to?.path === endpointPath)
      this.#post(node, 'ctl', [kind.refused, to.uid, reason, ...sizes], undefined, undefined);
  }

  #lost(
    to: ActorAddress | undefined,
    reason: DeadLetterReason,
    ask: Refusable | undefined,
    error?: DroverError,
    letter?: unknown,
  ): void {
    // What the runtimes say to each other is repeated by them and is no letter of an actor.
    if (to !== undefined) this.#runtime.deadLetter(to, reason, ask, error, letter);
  }

  #receive(message: TransportMessage, lane: MessageLane): void {
    const peer = message.subject.slice(message.subject.lastIndexOf('.') + 1);
    let sender: Sender = { node: peer, nodeIncarnation: 0, lane };
    const reader: FrameReader = {
      resolveRef: (address) => this.#runtime.resolveRef(address, peer),
      onSender: (incarnation) => {
        sender = { node: peer, nodeIncarnation: incarnation, lane };
        if (incarnation <= this.#peers.goneIncarnation(peer)) return false;
        this.nodeUp(peer, incarnation);
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
    switch (message[0]) {
      case kind.tell:
        return this.#handleTell(sender, message);
      case kind.watch:
        return this.#inboundWatches.watch(peer, incarnation, message);
      case kind.unwatch:
        return this.#inboundWatches.takenBack(peer, message[1]);
      case kind.watching:
        return this.#watches.confirmed(message[1], peer, incarnation, message[2], message[3]);
      case kind.terminated:
        return this.#watches.terminated(message[1], peer, message[2], causeFrom(message[3], message[4]));
      case kind.refused:
        return this.#handleRefused(peer, message);
      case kind.takeBack:
        return this.#withdrawals.handle(peer, message);
    }
  }

  #handleTell(sender: Sender, message: TellMessage): void {
    const { node: peer, lane } = sender;
    const [, path, uid, nodeIncarnation, payload, askUid, , traceparent, waitMs] = message;
    const runtime = this.#runtime;
    const asker = askUid === 0 ? undefined : this.#askerOf(peer, askUid, message);
    const refuse = (reason: DeadLetterReason) =>
      runtime.deadLetter(
        { node: runtime.nodeId, nodeIncarnation, path, uid },
        reason,
        asker,
        undefined,
        new StrangersMessage(payload),
      );
    if (nodeIncarnation !== 0 && nodeIncarnation !== runtime.incarnation) return refuse('stale-incarnation');
    // A delivery confirmation of the runtime names no incarnation and belongs to no asker.
    if (path === endpointPath) return this.#handleAnswer(peer, uid, payload, nodeIncarnation !== 0);
    const target = runtime.findTarget(path, uid);
    if (target === undefined) return refuse('no-such-actor');
    const { protocol } = target.props;
    const accepts = 'accepts' in target.props ? target.props.accepts : undefined;
    if (protocol === undefined) return refuse('not-exposed');
    const parsed = protocol.safeParse(payload);
    if (!parsed.success) {
      this.#mismatch(peer, `message for ${path} does not fit its protocol`, parsed.error);
      return refuse('protocol-mismatch');
    }
    if (accepts !== undefined && !accepts(parsed.data, sender)) {
      const detail = `${peer} may not send ${path} this message on the lane ${lane}`;
      if (++this.#mismatches <= maxFaultsPerFrame) this.#fault(peer, 'not-allowed', detail);
      return refuse('not-allowed');
    }
    const trace = asTrace(traceparent);
    if (asker !== undefined && typeof waitMs === 'number')
      return target.deliverOrWait(traced(parsed.data, trace), asker.waiting(waitMs, runtime.clock));
    if (asker === undefined) target.deliver(traced(parsed.data, trace), isControl(lane));
    else {
      target.deliver(question(parsed.data, asker, trace), isControl(lane));
      if (asker.chain !== undefined) this.#withdrawals.refuseCycleThrough(target, asker);
    }
  }

  #askerOf(peer: string, askUid: number, message: TellMessage): RemoteAsker {
    const [, , , , , , chain, , , restMs, onlyBegin] = message;
    const untilMs =
      typeof restMs === 'number' && restMs >= 0 ? this.#runtime.clock.now() + restMs : undefined;
    const deadline = onlyBegin === 1 ? undefined : untilMs;
    return new RemoteAsker(this, peer, askUid, decodeChain(chain), untilMs, deadline);
  }

  /** QuestionWithdrawals a question whose asker no longer waits, so that it is not started. */
  takeBack(to: ActorAddress, ask: Question): void {
    if (to.node !== this.#runtime.nodeId && this.#transport.connected) this.#withdrawals.takeBack(to, ask);
  }

  /** Tells the asker on another node that its question was not delivered. */
  refuseAsk(node: string, askUid: number, reason: DeadLetterReason): void {
    this.#post(node, 'ctl', [kind.refused, askUid, reason], undefined, undefined);
  }

  /** Tells the sender on another node that its message is in the mailbox. */
  confirm(node: string, waitUid: number): void {
    this.#post(node, 'ctl', [kind.tell, endpointPath, waitUid, 0, null, 0], undefined, undefined);
  }

  #handleAnswer(peer: string, uid: number, payload: unknown, isLetter: boolean): void {
    const endpoint = this.#runtime.findEndpoint(uid);
    if (endpoint === undefined) {
      // Messages of a stream that arrive after its end were already in transit: not an error.
      if (isLetter && uid % 2 === 0) this.#runtime.lateAnswer(uid, new StrangersMessage(payload));
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
        ? new MessageTooLargeError(`${this.#runtime.nodeId}, from ${peer},`, bytes, limitBytes)
        : undefined;
    this.#runtime.findEndpoint(ask)?.refuseFrom(peer, reason, error);
  }

  /** Reports at most `maxFaultsPerFrame` mismatches a frame: reporting all would cost seconds a megabyte. */
  #mismatch(peer: string, what: string, { issues }: ZodError): void {
    if (++this.#mismatches > maxFaultsPerFrame) return;
    this.#fault(peer, 'protocol-mismatch', `${what}: ${issues[0]?.message ?? 'unknown issue'}`);
  }

  #fault(peer: string, reason: BadFrameReason, detail: string): void {
    this.#peers.warnOnce(peer, detail);
    this.#runtime.emit({ type: 'bad-frame', peer, detail, error: new BadFrameError(peer, reason, detail) });
  }

  #forgetLives(node: string, incarnation: number, gone: boolean, isReplaced: boolean): void {
    this.#watches.nodeDown(node, incarnation, isReplaced);
    if (!gone) return;
    this.#inboundWatches.nodeDown(node, incarnation);
    for (const endpoint of this.#runtime.publishedEndpoints())
      endpoint.nodeGone(node, incarnation, isReplaced);
  }
}

function tellOf(
  to: ActorAddress,
  message: unknown,
  ask: Question | undefined,
  trace: string | undefined,
): WireMessage {
  const { path, uid, nodeIncarnation } = to;
  if (ask !== undefined) {
    const chain = ask.chain === undefined ? null : encodeChain(ask.chain);
    const askUid = ask.address.uid;
    const restMs = Math.ceil(ask.timeoutMs);
    return ask.deadline === undefined
      ? [kind.tell, path, uid, nodeIncarnation, message, askUid, chain, trace ?? null, null, restMs, 1]
      : [kind.tell, path, uid, nodeIncarnation, message, askUid, chain, trace ?? null, null, restMs];
  }
  // Who asked knows which trace its question belongs to.
  return trace === undefined || path === endpointPath
    ? [kind.tell, path, uid, nodeIncarnation, message, 0]
    : [kind.tell, path, uid, nodeIncarnation, message, 0, null, trace];
}
