import type { Services } from './services.ts';
import type { Exchange } from './http/exchange.ts';

/** Answers one request. A rejected promise is a defect of the simulator. */
export type Handler = (exchange: Exchange, services: Services) => Promise<void> | void;

/** Handlers by path and method. A path that ends in `/:name` matches any last part. */
export type Routes = Readonly<Record<string, Readonly<Record<string, Handler>>>>;

/** The route of a request, or the answer when there is none. */
export type RouteDecision =
  | { readonly kind: 'found'; readonly handler: Handler }
  | { readonly kind: 'missing' }
  | { readonly kind: 'wrong-method'; readonly allow: string }
  | { readonly kind: 'redirect'; readonly status: 301 | 307; readonly location: string };

export function decideRoute(routes: Routes, method: string, path: string): RouteDecision {
  const clean = path.replace(/\/{2,}/g, '/');
  if (clean !== path) return { kind: 'redirect', status: 307, location: clean };
  const methods = routesFor(routes, path);
  if (!methods) {
    const bare = path.replace(/\/$/, '');
    if (bare !== path && routesFor(routes, bare))
      return { kind: 'redirect', status: method === 'GET' ? 301 : 307, location: bare };
    return { kind: 'missing' };
  }
  const handler = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (handler) return { kind: 'found', handler };
  return { kind: 'wrong-method', allow: Object.keys(methods).join(', ') };
}

function routesFor(routes: Routes, path: string): Routes[string] | undefined {
  if (Object.hasOwn(routes, path)) return routes[path];
  const slash = path.lastIndexOf('/');
  const wild = `${path.slice(0, slash)}/:name`;
  // A name cannot hold an escaped slash.
  if (path.length > slash + 1 && !/%2f/i.test(path) && Object.hasOwn(routes, wild)) return routes[wild];
  return undefined;
}
