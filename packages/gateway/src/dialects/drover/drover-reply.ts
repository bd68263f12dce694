import { createHash } from 'node:crypto';
import type { Exchange } from '../../http/exchange.ts';
import { jsonType, type FailureFormat, type Reply } from '../../http/reply.ts';

/** Error format of Drover's own routes. Codes are stable, texts are not. */
export const droverError: FailureFormat = ({ status, code, message, field, facts }, requestId) => {
  const error = { code, message, ...(field !== undefined && { field }), ...facts, requestId };
  return droverJson({ error }, status);
};

/**
 * An answer that a client may keep and ask for again with `If-None-Match`: it carries an entity tag, and is 304
 * where the client has it.
 */
export function tagged(exchange: Exchange, reply: Reply): Reply {
  const tag = `"${createHash('sha256').update(reply.body).digest('base64url').slice(0, 22)}"`;
  exchange.setHeader('etag', tag);
  exchange.setHeader('cache-control', 'no-cache');
  if (!namesTag(exchange.header('if-none-match'), tag)) return reply;
  return { status: 304, contentType: '', body: '', chunked: true };
}

/** Whether an `If-None-Match` header names the tag; a weak tag counts as the strong one. */
export function namesTag(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(',').map((one) => one.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(tag);
}

export function droverJson(value: unknown, status = 200): Reply {
  return { status, contentType: jsonType, body: JSON.stringify(value) };
}
