import { createHash } from 'node:crypto';
import type { Random } from '@drover/actor-core';
import type { Exchange } from '../http/exchange.ts';
import { keepMsOf, onDisconnectHeader } from '../http/on-disconnect.ts';

const idChars = 24;

/**
 * Makes the ids of an answer: of the answer itself, of its items and tool calls. Those of a kept answer follow from the
 * id of the request, so that another gateway that translates the answer again comes to the same ones.
 */
export function answerIds(exchange: Pick<Exchange, 'header' | 'requestId'>, random: Random): () => string {
  if (keepMsOf(exchange.header(onDisconnectHeader)) === 0) return () => random.id();
  let count = 0;
  return () => {
    count += 1;
    const digest = createHash('sha256').update(`${exchange.requestId}/${count}`).digest('hex');
    return BigInt(`0x${digest}`).toString(36).padStart(idChars, '0').slice(-idChars);
  };
}
