import type { ActorCell } from '../actor/actor-cell.ts';
import type { ActorAddress } from '../actor/actor-ref.ts';
import { Adapter, adapterPath } from '../actor/adapter.ts';
import { isHandling } from '../actor/admission.ts';
import type { CallChain } from '../actor/call-chain.ts';
import type { Question, Refusable } from '../actor/envelope.ts';
import type { Runtime } from '../actor/runtime.ts';
import { awaitsOneOf, type Wait } from '../actor/wait-graph.ts';
import { RemoteAsker } from './remote-asker.ts';
import { kind, type TakeBackMessage, type WireMessage } from './wire.ts';

/** Removes unstarted questions from mailboxes of other nodes, and handles such requests from other nodes. */
export class Recalls {
  readonly #runtime: Runtime;
  readonly #send: (node: string, message: WireMessage) => void;

  constructor(runtime: Runtime, send: (node: string, message: WireMessage) => void) {
    this.#runtime = runtime;
    this.#send = send;
  }

  /** Called when the asker no longer waits for the answer. */
  takeBack({ node, path, uid }: ActorAddress, ask: Question): void {
    this.#send(node, [kind.takeBack, ask.address.uid, path, uid]);
  }

  /**
   * Checks a question from another node for an actor whose handler awaits an answer. If that wait leads back to the
   * asker through this node alone, the question is refused; if it may through another node, that node is asked to check.
   */
  lookForCircle(target: ActorCell | Adapter<never, never>, asker: RemoteAsker): void {
    const cell = target instanceof Adapter ? target.owner : target;
    if (cell.state !== 'busy') return;
    const isCircle = awaitsOneOf(cell, asker.chain, (wait) => this.#suspect(wait, asker.chain));
    if (isCircle) cell.takeBack((ask) => ask === asker, 'deadlock');
  }

  handle(peer: string, message: TakeBackMessage): void {
    const [, askUid, path, uid, waiterUid, waiterHandling] = message;
    const target = this.#runtime.findTarget(path, uid);
    const cell = target instanceof Adapter ? target.owner : target;
    if (cell === undefined) return;
    const isCircle = waiterUid !== undefined && waiterHandling !== undefined;
    if (isCircle && !(cell.uid === waiterUid && cell.state === 'busy' && isHandling(cell, waiterHandling)))
      return;
    const isIt = (ask: Refusable) => ask instanceof RemoteAsker && ask.isOf(peer, askUid);
    cell.takeBack(isIt, isCircle ? 'deadlock' : 'expired');
  }

  #suspect(wait: Wait, chain: CallChain | undefined): void {
    const { node, path, uid } = wait.target.address;
    for (let link = chain; link !== undefined; link = link.up) {
      // A ref to a well-known actor names no incarnation and uid.
      if (link.node !== node || (uid !== 0 && path !== adapterPath && uid !== link.uid)) continue;
      this.#send(node, [kind.takeBack, wait.address.uid, path, uid, link.uid, link.handling]);
    }
  }
}
