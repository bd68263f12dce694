import { RequestFailure } from '../errors.ts';
import { ownError } from '../dialects/drover/drover-reply.ts';
import type { Exchange } from './exchange.ts';
import type { RouteMatch } from './router.ts';

/** Who asked for nothing we have, told as Ollama tells it; on our own paths in our own shape. */
export function answerUnrouted(exchange: Exchange, match: Exclude<RouteMatch, { kind: 'found' }>): void {
  const isOwn = isOwnPath(exchange.path);
  if (match.kind === 'redirect') {
    const text = match.status === 301 ? 'Moved Permanently' : 'Temporary Redirect';
    const where = encodeURI(match.path) + exchange.query;
    const isRead = exchange.method === 'GET' || exchange.method === 'HEAD';
    exchange.setHeader('Location', where);
    exchange.reply({
      status: match.status,
      contentType: isRead ? 'text/html; charset=utf-8' : '',
      body: exchange.method === 'GET' ? `<a href="${escapeHtml(where)}">${text}</a>.\n\n` : '',
    });
    return;
  }
  if (match.kind === 'wrong-method') {
    if (isOwn) {
      const message = `${exchange.method} is not possible on ${exchange.path}; it takes ${match.allow}`;
      return exchange.reply(
        ownError(new RequestFailure(405, 'method-not-allowed', message), exchange.requestId),
      );
    }
    return exchange.reply({ status: 405, contentType: 'text/plain', body: '405 method not allowed' });
  }
  if (isOwn) {
    const failure = new RequestFailure(404, 'no-such-route', `there is no route ${exchange.path}`);
    return exchange.reply(ownError(failure, exchange.requestId));
  }
  exchange.reply({ status: 404, contentType: 'text/plain', body: '404 page not found' });
}

/** Paths Ollama does not have. */
export function isOwnPath(path: string): boolean {
  return (
    path === '/api/v1' || path.startsWith('/api/v1/') || ['/healthz', '/readyz', '/metrics'].includes(path)
  );
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
