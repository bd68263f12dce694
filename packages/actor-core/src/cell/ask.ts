import { AskCancelledError, InvalidArgumentError } from '../errors.ts';
import type { ActorCell } from './cell.ts';
import type { AskOptions } from '../actor/actor-context.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { callChain } from './handling.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';
import { PendingAsk } from './pending-ask.ts';
import type { Runtime } from '../system/runtime.ts';
import { traceToSend } from '../actor/trace-context.ts';
import { refuseCycle } from './deadlock-detection.ts';

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

/** Asks for an actor, or for code outside actors. See `ActorContext.ask`. */
export function askFor<T, R>(
  runtime: Runtime,
  asker: ActorCell | undefined,
  target: ActorRef<T>,
  make: (replyTo: ActorRef<R>) => T,
  options: AskOptions<R>,
): Promise<R> {
  return new Promise<R>((resolve, reject) => {
    requireAskOptions(options);
    requireTimeout(options.timeoutMs);
    const { signal, timeoutMs: askedMs, lane, reply } = options;
    if (signal?.aborted === true) throw cancelled(target, signal);
    const restMs =
      asker === undefined || options.inheritDeadline === false ? askedMs : restOf(asker, askedMs);
    const timeoutMs = Math.min(askedMs, restMs);
    const chain = asker === undefined ? undefined : callChain(asker);
    const pending = new PendingAsk<R>(runtime, target, timeoutMs, chain, resolve, reject, reply);
    const message = make(pending);
    // A timeout derived from another deadline rarely has the same length twice.
    if (timeoutMs < askedMs) {
      runtime.deadlines.addOnce(pending, timeoutMs);
    } else {
      runtime.deadlines.add(pending, timeoutMs);
    }
    if (signal !== undefined) cancelWith(runtime, pending, signal);
    if (asker !== undefined) asker.context.noteWait(pending);
    runtime.sendQuestion(target, message, lane, pending, traceToSend(options));
    // While the handler still runs synchronously, it is not known yet whether it awaits the answer.
    if (asker?.state === 'busy' && !asker.inTurn) refuseCycle(runtime, pending);
  });
}

/** @throws InvalidArgumentError */
export function requireTimeout(timeoutMs: number): void {
  if (!(Number.isFinite(timeoutMs) && timeoutMs >= 0))
    throw new InvalidArgumentError('timeoutMs', 'must be finite and at least 0');
}

/** Time left until the deadline of the question that this actor handles; `otherwiseMs` where it has none. */
function restOf(asker: ActorCell, otherwiseMs: number): number {
  const deadline = asker.currentEnvelope?.ask?.deadline;
  return deadline === undefined ? otherwiseMs : Math.max(0, deadline - asker.runtime.clock.now());
}

function cancelWith<R>(runtime: Runtime, pending: PendingAsk<R>, signal: AbortSignal): void {
  const onAbort = () => {
    pending.refuse('expired', cancelled(pending.target, signal));
    runtime.remoting?.takeBack(pending.target.address, pending);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  pending.onSettled = () => signal.removeEventListener('abort', onAbort);
}

function cancelled({ address }: ActorRef<never>, { reason }: AbortSignal): AskCancelledError {
  return new AskCancelledError(`${address.node}/${address.path}`, { cause: reason });
}
