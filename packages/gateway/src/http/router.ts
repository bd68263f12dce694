import type { Exchange } from './exchange.ts';

export type RouteParams = Readonly<Record<string, string>>;
export type Handler = (exchange: Exchange, params: RouteParams) => Promise<void> | void;

export interface Route {
  readonly methods: readonly string[];
  /** Segments in braces match one segment: `/v1/models/{id}`. */
  readonly path: string;
  readonly handler: Handler;
  /** False: does not count against the concurrency limit. @default true */
  readonly counted?: boolean;
}

export type RouteMatch =
  | { readonly kind: 'found'; readonly route: Route; readonly params: RouteParams }
  | { readonly kind: 'wrong-method'; readonly allow: string }
  /** 307: the path was not clean (`//api/tags`). 301: one slash too many or too few at its end. */
  | { readonly kind: 'redirect'; readonly status: 301 | 307; readonly path: string }
  | { readonly kind: 'unknown' };

/** Finds a route as Go's mux and gin do together, their redirects included. Pure; the table is built once. */
export class Router {
  readonly #exact = new Map<string, Map<string, Route>>();
  readonly #patterns: { segments: readonly string[]; methods: Map<string, Route> }[] = [];

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const methods = this.#methodsOf(route.path);
      for (const method of route.methods) methods.set(method, route);
    }
  }

  match(method: string, path: string): RouteMatch {
    const clean = cleanPath(path);
    if (clean !== path) return { kind: 'redirect', status: 307, path: clean };
    const found = this.#find(path);
    if (found) {
      const route = found.methods.get(method);
      if (route) return { kind: 'found', route, params: found.params };
    }
    const twin = path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
    if (path !== '/' && this.#find(twin)?.methods.has(method)) {
      return { kind: 'redirect', status: method === 'GET' ? 301 : 307, path: twin };
    }
    return found ? { kind: 'wrong-method', allow: allowOf(found.methods) } : { kind: 'unknown' };
  }

  #methodsOf(path: string): Map<string, Route> {
    if (!path.includes('{')) {
      const known = this.#exact.get(path) ?? new Map<string, Route>();
      this.#exact.set(path, known);
      return known;
    }
    const segments = path.split('/');
    const known = this.#patterns.find((pattern) => pattern.segments.join('/') === path);
    if (known) return known.methods;
    const methods = new Map<string, Route>();
    this.#patterns.push({ segments, methods });
    return methods;
  }

  #find(path: string): { methods: Map<string, Route>; params: RouteParams } | undefined {
    const exact = this.#exact.get(path);
    if (exact) return { methods: exact, params: {} };
    const segments = path.split('/');
    for (const pattern of this.#patterns) {
      const params = matchSegments(pattern.segments, segments);
      if (params) return { methods: pattern.methods, params };
    }
    return undefined;
  }
}

/** Ollama's order: that in which its server was given the first route of each method. Others follow as they were added. */
const methodOrder = ['HEAD', 'GET', 'POST', 'DELETE'];

function allowOf(methods: ReadonlyMap<string, Route>): string {
  return [...methods.keys()].toSorted((a, b) => rankOf(a) - rankOf(b)).join(', ');
}

function rankOf(method: string): number {
  const index = methodOrder.indexOf(method);
  return index < 0 ? methodOrder.length : index;
}

function matchSegments(pattern: readonly string[], segments: readonly string[]): RouteParams | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (part.startsWith('{')) {
      if (segment === '') return undefined;
      params[part.slice(1, -1)] = segment;
    } else if (part !== segment) return undefined;
  }
  return params;
}

/** Go's `path.Clean` with the last slash kept: no empty, `.` or `..` segments. */
function cleanPath(path: string): string {
  if (!path.includes('//') && !path.includes('/.')) return path;
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  const tail = path.endsWith('/') && kept.length > 0 ? '/' : '';
  return `/${kept.join('/')}${tail}`;
}
