import type { ActorCell } from '../cell/cell.ts';
import type { ActorAddress } from '../actor/actor-ref.ts';
import { Adapter, adapterPath } from '../cell/adapter.ts';
import { isHandling } from '../cell/handling.ts';
import type { CallChain } from '../actor/call-chain.ts';
import type { Question, Refusable } from '../actor/envelope.ts';
import type { Runtime } from '../system/runtime.ts';
import { awaitsOneOf, type Wait } from '../cell/deadlock-detection.ts';
import { RemoteAsker } from './remote-asker.ts';
import { kind, type TakeBackMessage, type WireMessage } from './wire.ts';

/** Removes unstarted questions from mailboxes of other nodes, and handles such requests from other nodes. */
export class QuestionWithdrawals {
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
  refuseCycleThrough(target: ActorCell | Adapter<never, never>, asker: RemoteAsker): void {
    const cell = target instanceof Adapter ? target.owner : target;
    if (cell.state !== 'busy') return;
    const isCycle = awaitsOneOf(cell, asker.chain, (wait) => this.#suspect(wait, asker.chain));
    if (isCycle) cell.takeBack((ask) => ask === asker, 'deadlock');
  }

  handle(peer: string, message: TakeBackMessage): void {
    const [, askUid, path, uid, waiterUid, waiterHandling] = message;
    const target = this.#runtime.findTarget(path, uid);
    const cell = target instanceof Adapter ? target.owner : target;
    if (cell === undefined) return;
    const isCycle = waiterUid !== undefined && waiterHandling !== undefined;
    if (isCycle && !(cell.uid === waiterUid && cell.state === 'busy' && isHandling(cell, waiterHandling)))
      return;
    const isIt = (ask: Refusable) => ask instanceof RemoteAsker && ask.isOf(peer, askUid);
    cell.takeBack(isIt, isCycle ? 'deadlock' : 'expired');
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
