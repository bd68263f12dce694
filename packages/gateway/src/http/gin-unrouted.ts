import type { RequestFailure } from '../errors.ts';
import type { Reply } from './reply.ts';

/** Answer of gin, Ollama's router, to an unknown path or method. */
export function ginUnrouted({ status }: RequestFailure): Reply {
  const body = status === 405 ? '405 method not allowed' : '404 page not found';
  return { status, contentType: 'text/plain', body };
}
