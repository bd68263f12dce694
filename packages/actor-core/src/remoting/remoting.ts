import type { ActorAddress, MessageLane } from '../actor/actor-ref.ts';
import type { Question } from '../actor/envelope.ts';
import type { RemoteNodes } from '../actor/remote-nodes.ts';
import type { TableSizes } from '../actor/table-sizes.ts';
import type { LinkSide, WatchRegistration } from '../actor/watcher.ts';
import type { Timer } from '../clock.ts';
import { anyToken, type Subjects } from '../transport/subjects.ts';
import type { Transport } from '../transport/transport.ts';
import { frameHeader } from './frame-codec.ts';
import { FrameReceiver } from './frame-receiver.ts';
import { FrameSender } from './frame-sender.ts';
import { InboundWatches } from './inbound-watches.ts';
import type { LocalPorts } from './local-ports.ts';
import { messageLanes, wireLane } from './message-lanes.ts';
import { OutboundWatches } from './outbound-watches.ts';
import { Peers } from './peers.ts';
import { QuestionWithdrawals } from './question-withdrawal.ts';
import { Reachability } from './reachability.ts';
import { tellOf, tellOrWaitOf } from './tell-message.ts';
import type { WireMessage } from './wire.ts';

/** Time after which a down node is forgotten; equal to the time for which presence lists it. */
const forgetMs = 10 * 60_000;

/** The other nodes over the bus: the protocol between the runtimes of two nodes, seen from this node. */
export class Remoting implements RemoteNodes {
  /** Pings to other nodes. */
  readonly reachability: Reachability;
  readonly #node: LocalPorts;
  readonly #transport: Transport;
  readonly #sender: FrameSender;
  readonly #receiver: FrameReceiver;
  readonly #outbound: OutboundWatches;
  readonly #inbound: InboundWatches;
  readonly #withdrawals: QuestionWithdrawals;
  readonly #peers: Peers;
  /** Unsubscribers. */
  readonly #ends: (() => void)[] = [];
  #forgetTimer: Timer | undefined = undefined;

  /** `takesPart`: whether the view of the cluster lists that node, so that its silence ends no watch. */
  constructor(
    node: LocalPorts,
    transport: Transport,
    subjects: Subjects,
    takesPart: (node: string) => boolean = () => false,
  ) {
    this.#node = node;
    this.#transport = transport;
    const header = frameHeader(node.incarnation);
    this.reachability = new Reachability(node.nodeId, transport, subjects, header);
    this.#peers = new Peers(node.log);
    this.#sender = new FrameSender(node, { transport, subjects, header });
    const send = (to: string, message: WireMessage) => this.#sender.sendControl(to, message);
    const linkBack = (link: LinkSide, linked: number) => this.link(link, linked);
    this.#inbound = new InboundWatches(node, send, linkBack);
    this.#withdrawals = new QuestionWithdrawals(node.actors, send);
    this.#outbound = new OutboundWatches({
      clock: node.clock,
      send,
      connected: () => transport.connected,
      takesPart,
    });
    this.#receiver = new FrameReceiver(node, {
      sender: this.#sender,
      peers: this.#peers,
      inbound: this.#inbound,
      outbound: this.#outbound,
      withdrawals: this.#withdrawals,
      onNode: (peer, incarnation) => this.nodeUp(peer, incarnation),
    });
    this.#listen(subjects);
  }

  send(
    to: ActorAddress,
    message: unknown,
    lane: MessageLane | undefined,
    ask: Question | undefined,
    trace: string | undefined,
    mayWait = false,
  ): void {
    this.#sender.post(to.node, wireLane[lane ?? 'data'], tellOf(to, message, ask, trace), to, ask, mayWait);
  }

  sendOrWait(
    to: ActorAddress,
    message: unknown,
    wait: Question,
    timeoutMs: number,
    trace: string | undefined,
  ): void {
    const tell = tellOrWaitOf(to, message, wait.address.uid, timeoutMs, trace);
    this.#sender.post(to.node, 'dat', tell, to, wait);
  }

  withdrawQuestion(to: ActorAddress, ask: Question): void {
    if (to.node !== this.#node.nodeId && this.#transport.connected) this.#withdrawals.withdraw(to, ask);
  }

  watch(watch: WatchRegistration, address: ActorAddress): void {
    if (this.#isOver(address)) watch.terminated('node-down');
    else this.#outbound.add(watch, address);
  }

  link(link: LinkSide, linked: number): void {
    if (this.#isOver(link.target.address)) link.terminated('node-down');
    else this.#outbound.addLink(link, linked);
  }

  /** True when the incarnation of the node has ended, or the node is down. */
  #isOver({ node, nodeIncarnation }: ActorAddress): boolean {
    const hasEnded = nodeIncarnation !== 0 && nodeIncarnation <= this.#peers.goneIncarnation(node);
    return hasEnded || this.#peers.isDown(node);
  }

  /**
   * Membership reports: that incarnation of the node runs. Earlier ones have ended. `isRevived`: also if an earlier
   * report said that it had ended.
   */
  nodeUp(node: string, incarnation: number, isRevived = false): void {
    if (isRevived) this.#peers.revive(node, incarnation);
    if (this.#peers.up(node, incarnation)) this.#forgetIncarnations(node, incarnation - 1, true, true);
  }

  /** Membership reports: that incarnation of the node is lost, or (`gone`) has ended for good. */
  nodeDown(node: string, incarnation: number, gone: boolean): void {
    const { clock } = this.#node;
    this.#peers.down(node, incarnation, gone, clock.now());
    this.#forgetIncarnations(node, incarnation, gone, false);
    if (gone && this.#peers.isDown(node)) this.#sender.forget(node);
    this.#forgetTimer ??= clock.setTimer(forgetMs, this.#forgetDown);
  }

  /** Removes the data kept for down nodes when presence forgets them. */
  readonly #forgetDown = (): void => {
    const { clock } = this.#node;
    this.#forgetTimer = undefined;
    for (const { node, incarnation } of this.#peers.forgetDownSince(clock.now() - forgetMs)) {
      this.#forgetIncarnations(node, incarnation, true, false);
      this.#sender.forget(node);
    }
    if (this.#peers.isAnyDown) this.#forgetTimer = clock.setTimer(forgetMs, this.#forgetDown);
  };

  #forgetIncarnations(node: string, incarnation: number, gone: boolean, isReplaced: boolean): void {
    this.#outbound.nodeDown(node, incarnation, isReplaced);
    if (!gone) return;
    this.#inbound.nodeDown(node, incarnation);
    for (const endpoint of this.#node.endpoints.all()) endpoint.nodeGone(node, incarnation, isReplaced);
  }

  addSizes(to: TableSizes): void {
    to.outboundWatches += this.#outbound.size;
    to.inboundWatches += this.#inbound.size;
    to.peers += this.#peers.size;
    to.outboxes += this.#sender.size;
  }

  close(): void {
    this.#sender.flush();
    this.#outbound.close();
    this.#forgetTimer?.cancel();
    for (const end of this.#ends) end();
  }

  #listen(subjects: Subjects): void {
    const transport = this.#transport;
    const { nodeId } = this.#node;
    for (const lane of messageLanes) {
      const subject = subjects.inbox(nodeId, wireLane[lane], anyToken);
      const subscription = transport.subscribe(subject, (message) => this.#receiver.receive(message, lane));
      this.#ends.push(() => subscription.unsubscribe());
    }
    // Subscribed last: when a message reaches this subscription, the others are active too.
    const ping = transport.subscribe(subjects.inbox(nodeId, 'ping', anyToken), (message) =>
      this.reachability.receive(message),
    );
    this.#ends.push(() => ping.unsubscribe());
    this.#ends.push(
      transport.onConnectionChange((connected) => {
        if (connected) this.#outbound.reconnected();
      }),
    );
  }
}
