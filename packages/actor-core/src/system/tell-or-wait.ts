import { RemoteRef } from './remote-ref.ts';
import type { WaitOptions } from '../actor/actor-context.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { Adapter } from '../cell/adapter.ts';
import { requireTimeout } from '../cell/ask.ts';
import { Endpoint } from '../actor/endpoint.ts';
import { PendingAsk } from '../cell/pending-ask.ts';
import type { Runtime } from './runtime.ts';
import { traced, traceToSend } from '../actor/trace-context.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const waitOptions = optionNames<WaitOptions>({ timeoutMs: true, trace: true });

/** Tells, and settles once the message is in the mailbox, wherever that is; see `ActorSystem.tellOrWait`. */
export function tellOrWait<T>(
  runtime: Runtime,
  target: ActorRef<T>,
  message: T,
  options: WaitOptions,
): Promise<void> {
  const { timeoutMs } = options;
  try {
    requireKnownOptions('tellOrWait', options, waitOptions);
    requireTimeout(timeoutMs);
  } catch (error) {
    return Promise.reject(error);
  }
  return new Promise<void>((resolve, reject) => {
    const wait = new PendingAsk<void>(runtime, target, timeoutMs, undefined, resolve, reject);
    runtime.deadlines.add(wait, timeoutMs);
    const trace = traceToSend(options);
    const isHere = target.address.node === runtime.nodeId;
    const cell = runtime.cellOf(target);
    if (cell !== undefined) cell.deliverOrWait(traced(message, trace), wait);
    else if (target instanceof Adapter) target.deliverOrWait(traced(message, trace), wait);
    else if (target instanceof RemoteRef && !isHere && runtime.remoting !== undefined)
      runtime.remoting.sendOrWait(target.address, message, wait, timeoutMs, trace);
    else if (target instanceof Endpoint) {
      target.tell(message, { trace });
      wait.accepted();
    } else {
      const reason = isHere ? 'no-such-actor' : 'bus-unavailable';
      runtime.deadLetter(target.address, reason, wait, undefined, message);
    }
  });
}
