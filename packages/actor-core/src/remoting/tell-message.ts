import type { ActorAddress } from '../actor/actor-ref.ts';
import { encodeChain } from '../actor/call-chain.ts';
import { endpointPath } from '../actor/endpoint-path.ts';
import type { Question } from '../actor/envelope.ts';
import { kind, type WireMessage } from './wire.ts';

export type TellMessage = Extract<WireMessage, readonly [0, ...unknown[]]>;

/** The wire form of a message, or of a question when `ask` is given. */
export function tellOf(
  to: ActorAddress,
  message: unknown,
  ask: Question | undefined,
  trace: string | undefined,
): TellMessage {
  const { path, uid, nodeIncarnation } = to;
  if (ask !== undefined) {
    const chain = ask.chain === undefined ? null : encodeChain(ask.chain);
    const askUid = ask.address.uid;
    const restMs = Math.ceil(ask.timeoutMs);
    return ask.deadline === undefined
      ? [kind.tell, path, uid, nodeIncarnation, message, askUid, chain, trace ?? null, null, restMs, 1]
      : [kind.tell, path, uid, nodeIncarnation, message, askUid, chain, trace ?? null, null, restMs];
  }
  // An answer carries no trace: the asker knows the trace of its question.
  return trace === undefined || path === endpointPath
    ? [kind.tell, path, uid, nodeIncarnation, message, 0]
    : [kind.tell, path, uid, nodeIncarnation, message, 0, null, trace];
}

/** The wire form of a message whose sender waits up to `timeoutMs` until it is in the mailbox. */
export function tellOrWaitOf(
  to: ActorAddress,
  message: unknown,
  waitUid: number,
  timeoutMs: number,
  trace: string | undefined,
): TellMessage {
  const { path, uid, nodeIncarnation } = to;
  return [kind.tell, path, uid, nodeIncarnation, message, waitUid, null, trace ?? null, timeoutMs];
}
