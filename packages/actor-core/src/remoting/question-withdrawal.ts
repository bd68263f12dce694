import type { ActorAddress } from '../actor/actor-ref.ts';
import type { CallChain } from '../actor/call-chain.ts';
import { adapterPath } from '../actor/endpoint-path.ts';
import type { Question, Refusable } from '../actor/envelope.ts';
import type { Recipient } from '../actor/local-actor.ts';
import type { Wait } from '../actor/waiting-actor.ts';
import { awaitsOneOf } from '../cell/deadlock-detection.ts';
import type { ReachableActors } from './local-ports.ts';
import { RemoteAsker } from './remote-asker.ts';
import { kind, type TakeBackMessage, type WireMessage } from './wire.ts';

/**
 * Withdraws questions that were not started from mailboxes of other nodes: those that were cancelled, and those that
 * would close a cycle of waiting actors. Performs the same for other nodes here.
 */
export class QuestionWithdrawals {
  readonly #actors: ReachableActors;
  readonly #send: (node: string, message: WireMessage) => void;

  constructor(actors: ReachableActors, send: (node: string, message: WireMessage) => void) {
    this.#actors = actors;
    this.#send = send;
  }

  /** Withdraws a question whose asker no longer waits for the answer. */
  withdraw({ node, path, uid }: ActorAddress, ask: Question): void {
    this.#send(node, [kind.takeBack, ask.address.uid, path, uid]);
  }

  /**
   * Checks a question from another node for an actor whose handler awaits an answer. When that wait leads back to the
   * asker through this node alone, the question is refused. When it may lead back through another node, that node is
   * asked to check.
   */
  refuseCycle({ owner }: Recipient, asker: RemoteAsker): void {
    if (!owner.isBusy) return;
    const onRemote = (wait: Wait) => this.#askToCheck(wait, asker.chain);
    if (awaitsOneOf(this.#actors, owner, asker.chain, onRemote))
      owner.withdraw((ask) => ask === asker, 'deadlock');
  }

  /** Another node withdraws its question, or reports a cycle that the question closes. */
  handle(peer: string, message: TakeBackMessage): void {
    const [, askUid, path, uid, waiterUid, waiterHandling] = message;
    const owner = this.#actors.findRecipient(path, uid)?.owner;
    if (owner === undefined) return;
    const isCycle = waiterUid !== undefined && waiterHandling !== undefined;
    if (isCycle && !(owner.uid === waiterUid && owner.isBusy && owner.isHandling(waiterHandling))) return;
    const isIt = (ask: Refusable) => ask instanceof RemoteAsker && ask.isOf(peer, askUid);
    owner.withdraw(isIt, isCycle ? 'deadlock' : 'expired');
  }

  #askToCheck(wait: Wait, chain: CallChain | undefined): void {
    const { node, path, uid } = wait.target.address;
    for (let link = chain; link !== undefined; link = link.up) {
      // A ref to a well-known actor names no incarnation and uid.
      if (link.node !== node || (uid !== 0 && path !== adapterPath && uid !== link.uid)) continue;
      this.#send(node, [kind.takeBack, wait.address.uid, path, uid, link.uid, link.handling]);
    }
  }
}
