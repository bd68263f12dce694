import type { WaitOptions } from '../actor/ask-options.ts';
import type { ActorAddress, ActorRef, MessageLane } from '../actor/actor-ref.ts';
import type { Question, Refusable } from '../actor/envelope.ts';
import { isControl } from '../actor/message-lane.ts';
import type { MessageDelivery } from '../actor/node-ports.ts';
import { RoutedRef } from '../actor/routed-ref.ts';
import { question, traced } from '../actor/trace-context.ts';
import { Adapter } from '../cell/adapter.ts';
import { LocalRef } from '../cell/local-ref.ts';
import type { DeliveryPorts } from './delivery-ports.ts';
import { type AddressDelivery, PathRef } from './path-ref.ts';
import { type RemoteDelivery, RemoteRef } from './remote-ref.ts';
import { tellOrWait } from './tell-or-wait.ts';

/** Delivers messages by ref or address: to actors of this node, or to the bus. */
export class LocalDelivery implements MessageDelivery, AddressDelivery, RemoteDelivery {
  readonly #node: DeliveryPorts;

  constructor(node: DeliveryPorts) {
    this.#node = node;
  }

  sendQuestion(
    target: ActorRef<never>,
    message: unknown,
    lane: MessageLane | undefined,
    ask: Question,
    trace: string | undefined,
  ): void {
    const control = isControl(lane);
    if (target instanceof LocalRef) target.actor.deliver(question(message, ask, trace), control);
    else if (target instanceof RemoteRef) this.sendRemote(target.address, message, lane, ask, trace);
    else if (target instanceof Adapter) target.deliver(question(message, ask, trace), control);
    else if (target instanceof RoutedRef) target.sendQuestion(message, lane, ask, trace);
    else if (target instanceof PathRef) this.deliverLocal(target.address, message, control, ask, trace);
    else (target as ActorRef<unknown>).tell(message, { lane: lane ?? 'data', trace });
  }

  deliverLocal(
    to: ActorAddress,
    message: unknown,
    control: boolean,
    ask: Refusable | undefined,
    trace: string | undefined,
  ): void {
    const { actors, events } = this.#node;
    const actor = actors.findAlive(to.path, to.uid);
    if (actor === undefined) return events.deadLetter(to, 'no-such-actor', ask, undefined, message);
    actor.deliver(ask === undefined ? traced(message, trace) : question(message, ask, trace), control);
  }

  /** Delivers to an address of another node, or of another incarnation of this node. */
  sendRemote(
    to: ActorAddress,
    message: unknown,
    lane: MessageLane | undefined,
    ask: Question | undefined,
    trace: string | undefined,
    mayWait?: boolean,
  ): void {
    const { nodeId, incarnation, events, remote } = this.#node;
    if (to.node === nodeId) {
      const isStale = to.nodeIncarnation !== 0 && to.nodeIncarnation !== incarnation;
      if (isStale) events.deadLetter(to, 'stale-incarnation', ask, undefined, message);
      else this.deliverLocal(to, message, isControl(lane), ask, trace);
    } else if (remote === undefined) {
      events.deadLetter(to, 'bus-unavailable', ask, undefined, message);
    } else {
      remote.send(to, message, lane, ask, trace, mayWait);
    }
  }

  withdrawQuestion(to: ActorAddress, ask: Question): void {
    this.#node.remote?.withdrawQuestion(to, ask);
  }

  tellOrWait<T>(target: ActorRef<T>, message: T, options: WaitOptions): Promise<void> {
    return tellOrWait(this.#node, target, message, options);
  }
}
