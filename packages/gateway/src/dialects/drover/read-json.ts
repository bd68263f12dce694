import type { z } from 'zod';
import { RequestFailure } from '../../errors.ts';
import { decodeGoJson } from '../../go-compat/go-json.ts';
import { type BodyBudget, readBody } from '../../http/body.ts';
import type { Exchange } from '../../http/exchange.ts';

/**
 * Reads the body of a Drover route and checks it against `schema`.
 *
 * @throws RequestFailure 400 naming the first invalid field
 */
export async function readJson<T>(exchange: Exchange, schema: z.ZodType<T>, budget: BodyBudget): Promise<T> {
  const text = (await readBody(exchange, budget)).toString('utf8');
  return checkBody(decodeGoJson(text, 'the body is empty; send a JSON object'), schema);
}

/** Checks a decoded body against `schema`. @throws RequestFailure 400 naming the first invalid field */
export function checkBody<T>(value: unknown, schema: z.ZodType<T>): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const field = [...(issue?.path ?? []).map(String), ...(unknown === undefined ? [] : [unknown])].join('.');
  const message = unknown === undefined ? (issue?.message ?? 'is invalid') : 'is not a field of this request';
  throw new RequestFailure(400, 'invalid-input', field === '' ? message : `${field}: ${message}`, {
    field: field === '' ? undefined : field,
  });
}
