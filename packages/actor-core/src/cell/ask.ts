import type { AskOptions } from '../actor/ask-options.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import type { NodePorts } from '../actor/node-ports.ts';
import { traceToSend } from '../actor/trace-context.ts';
import { AskCancelledError, InvalidArgumentError } from '../errors.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';
import type { CellState } from './cell-state.ts';
import { refuseCycle } from './deadlock-detection.ts';
import { callChain } from './handling.ts';
import { PendingAsk } from './pending-ask.ts';

const askOptions = optionNames<AskOptions>({
  timeoutMs: true,
  lane: true,
  reply: true,
  trace: true,
  signal: true,
  inheritDeadline: true,
});

/** @throws InvalidArgumentError for an option that is neither an `AskOptions` field nor `own` */
export function requireAskOptions(options: object, own?: string): void {
  requireKnownOptions('ask', options, own === undefined ? askOptions : new Set([...askOptions, own]));
}

/** Asks for an actor, or without `asker` for code outside of actors. See `ActorContext.ask`. */
export function askFor<M, T, R>(
  node: NodePorts,
  asker: CellState<M> | undefined,
  target: ActorRef<T>,
  make: (replyTo: ActorRef<R>) => T,
  options: AskOptions<R>,
): Promise<R> {
  return new Promise<R>((resolve, reject) => {
    requireAskOptions(options);
    requireTimeout(options.timeoutMs);
    const { signal, timeoutMs: askedMs, lane, reply } = options;
    if (signal?.aborted === true) throw cancelled(target, signal);
    const remainingMs =
      asker === undefined || options.inheritDeadline === false ? askedMs : remainingOf(asker, askedMs);
    const timeoutMs = Math.min(askedMs, remainingMs);
    const chain = asker === undefined ? undefined : callChain(asker);
    const pending = new PendingAsk<R>(node, target, timeoutMs, chain, resolve, reject, reply);
    const message = make(pending);
    // A timeout derived from another deadline rarely has the same length twice.
    if (timeoutMs < askedMs) {
      node.deadlines.addOnce(pending, timeoutMs);
    } else {
      node.deadlines.add(pending, timeoutMs);
    }
    if (signal !== undefined) cancelWith(node, pending, signal);
    if (asker !== undefined) asker.context.noteWait(pending);
    node.delivery.sendQuestion(target, message, lane, pending, traceToSend(options));
    // While the handler still runs synchronously, it is not known yet whether it awaits the answer.
    if (asker?.state === 'busy' && !asker.inTurn) refuseCycle(node.actors, pending);
  });
}

/** @throws InvalidArgumentError */
export function requireTimeout(timeoutMs: number): void {
  if (!(Number.isFinite(timeoutMs) && timeoutMs >= 0))
    throw new InvalidArgumentError('timeoutMs', 'must be finite and at least 0');
}

/** Time left until the deadline of the question that this actor handles; `otherwiseMs` where it has no deadline. */
function remainingOf<M>(asker: CellState<M>, otherwiseMs: number): number {
  const deadline = asker.currentEnvelope?.ask?.deadline;
  return deadline === undefined ? otherwiseMs : Math.max(0, deadline - asker.node.clock.now());
}

function cancelWith<R>(node: NodePorts, pending: PendingAsk<R>, signal: AbortSignal): void {
  const onAbort = () => {
    pending.refuse('expired', cancelled(pending.target, signal));
    node.delivery.withdrawQuestion(pending.target.address, pending);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  pending.onSettled = () => signal.removeEventListener('abort', onAbort);
}

function cancelled({ address }: ActorRef<never>, { reason }: AbortSignal): AskCancelledError {
  return new AskCancelledError(`${address.node}/${address.path}`, { cause: reason });
}
