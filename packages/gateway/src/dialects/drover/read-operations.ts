import { decodeGoJson } from '../../go-compat/go-json.ts';
import { type BodyBudget, readBody } from '../../http/body.ts';
import type { Exchange } from '../../http/exchange.ts';

/** Operations on a CRDT out of a body: `{"ops":[…]}`, an array of operations, or one operation. */
export async function readOperations(exchange: Exchange, budget: BodyBudget): Promise<readonly unknown[]> {
  const text = (await readBody(exchange, budget)).toString('utf8');
  const body: unknown = decodeGoJson(text, 'the body is empty; send {"ops":[…]}');
  if (Array.isArray(body)) return body;
  if (body !== null && typeof body === 'object' && 'ops' in body && Array.isArray(body.ops)) return body.ops;
  return [body];
}
