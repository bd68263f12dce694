import type { Exchange } from './exchange.ts';

/**
 * Redirects to the cleaned path as Go's `ServeMux` does: with a link in the body for GET, without a body for other
 * methods.
 */
export function redirect(
  exchange: Exchange,
  { status, path }: { readonly status: 301 | 307; readonly path: string },
): void {
  const text = status === 301 ? 'Moved Permanently' : 'Temporary Redirect';
  const location = encodeURI(path) + exchange.query;
  const { method } = exchange;
  exchange.setHeader('Location', location);
  exchange.reply({
    status,
    contentType: method === 'GET' || method === 'HEAD' ? 'text/html; charset=utf-8' : '',
    body: method === 'GET' ? `<a href="${escapeHtml(location)}">${text}</a>.\n\n` : '',
  });
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
