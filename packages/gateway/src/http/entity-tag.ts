import { createHash } from 'node:crypto';
import type { Exchange } from './exchange.ts';
import type { Reply } from './reply.ts';

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
