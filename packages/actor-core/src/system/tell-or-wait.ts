import type { WaitOptions } from '../actor/ask-options.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { Endpoint } from '../actor/endpoint.ts';
import { traced, traceToSend } from '../actor/trace-context.ts';
import { Adapter } from '../cell/adapter.ts';
import { requireTimeout } from '../cell/ask.ts';
import { PendingAsk } from '../cell/pending-ask.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';
import type { DeliveryPorts } from './delivery-ports.ts';
import { RemoteRef } from './remote-ref.ts';

const waitOptions = optionNames<WaitOptions>({ timeoutMs: true, trace: true });

/**
 * Sends a message, and settles once it is in a mailbox of this node or of another node. See `ActorSystem.tellOrWait`.
 */
export function tellOrWait<T>(
  node: DeliveryPorts,
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
    const wait = new PendingAsk<void>(node, target, timeoutMs, undefined, resolve, reject);
    node.deadlines.add(wait, timeoutMs);
    const trace = traceToSend(options);
    const isHere = target.address.node === node.nodeId;
    const recipient = node.actors.find(target) ?? (target instanceof Adapter ? target : undefined);
    if (recipient !== undefined) recipient.deliverOrWait(traced(message, trace), wait);
    else if (target instanceof RemoteRef && !isHere && node.remote !== undefined)
      node.remote.sendOrWait(target.address, message, wait, timeoutMs, trace);
    else if (target instanceof Endpoint) {
      target.tell(message, { trace });
      wait.accepted();
    } else {
      const reason = isHere ? 'no-such-actor' : 'bus-unavailable';
      node.events.deadLetter(target.address, reason, wait, undefined, message);
    }
  });
}
