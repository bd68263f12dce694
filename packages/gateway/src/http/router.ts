import type { IncomingHttpHeaders } from 'node:http';
import { InvalidArgumentError } from '@drover/actor-core';
import type { Dialect } from './dialect.ts';
import { decodePath, targetOf } from './request-target.ts';
import type { Route, RouteParams } from './route.ts';

/** The route of a request, or why it has none; `dialect` writes its errors. */
export type RouteMatch = { readonly dialect: Dialect } & (
  | { readonly kind: 'found'; readonly route: Route; readonly params: RouteParams }
  | { readonly kind: 'wrong-method'; readonly allow: string }
  /** 307: the path was not clean (`//api/tags`). 301: one slash too many or too few at its end. */
  | { readonly kind: 'redirect'; readonly status: 301 | 307; readonly path: string }
  | { readonly kind: 'unknown' }
);

interface Entry {
  readonly route: Route;
  readonly dialect: Dialect;
}

type Methods = Map<string, Entry>;

interface Found {
  readonly methods: Methods;
  readonly params: RouteParams;
}

/**
 * Finds a route as the combination of Go's `ServeMux` and gin does, with their redirects. Pure; the table is built
 * once.
 */
export class Router {
  readonly #dialects: readonly Dialect[];
  readonly #exact = new Map<string, Methods>();
  readonly #patterns: { segments: readonly string[]; methods: Methods }[] = [];
  /** Routes that only some clients get, by the methods of their path. */
  readonly #forClients = new Map<Methods, Entry[]>();
  /** Patterns of the routes that are compared with the path as it was sent. */
  readonly #encoded: { segments: readonly string[]; methods: Methods }[] = [];

  /** @throws InvalidArgumentError if no dialect owns `/`, that is, all other paths */
  constructor(dialects: readonly Dialect[]) {
    this.#dialects = dialects;
    for (const dialect of dialects) for (const route of dialect.routes) this.#add({ route, dialect });
    this.#ownerOf('/');
  }

  /** @param encodedPath the path as it was sent */
  match(
    method: string,
    path: string,
    encodedPath: string = path,
    headers: IncomingHttpHeaders = {},
  ): RouteMatch {
    const encoded = this.#findEncoded(encodedPath);
    if (encoded !== undefined) return this.#choose(method, path, encoded, headers);
    const clean = cleanPath(path);
    if (clean !== path) return { kind: 'redirect', status: 307, path: clean, dialect: this.#ownerOf(path) };
    const found = this.#find(path);
    if (found?.methods.has(method) === true) return this.#choose(method, path, found, headers);
    const dialect = this.#ownerOf(path);
    const twin = path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
    if (path !== '/' && this.#find(twin)?.methods.has(method)) {
      return { kind: 'redirect', status: method === 'GET' ? 301 : 307, path: twin, dialect };
    }
    return found ? this.#choose(method, path, found, headers) : { kind: 'unknown', dialect };
  }

  #choose(
    method: string,
    path: string,
    { methods, params }: Found,
    headers: IncomingHttpHeaders,
  ): RouteMatch {
    const isMeant = ({ route }: Entry): boolean =>
      route.methods.includes(method) && route.forClient?.(headers) === true;
    const entry = this.#forClients.get(methods)?.find(isMeant) ?? methods.get(method);
    if (entry) return { kind: 'found', ...entry, params };
    return { kind: 'wrong-method', allow: allowOf(methods), dialect: this.#ownerOf(path) };
  }

  /**
   * Methods of a request target's path as an `Allow` header; undefined for an unknown path or for one of its methods.
   */
  allowOf(method: string, target: string): string | undefined {
    const parsed = targetOf(target);
    const match = parsed === undefined ? undefined : this.match(method, parsed.path, parsed.encodedPath);
    return match?.kind === 'wrong-method' ? match.allow : undefined;
  }

  #add(entry: Entry): void {
    const { path, methods, isEncoded = false } = entry.route;
    const known = this.#methodsOf(path, isEncoded ? this.#encoded : this.#patterns);
    if (entry.route.forClient !== undefined) {
      this.#forClients.set(known, [...(this.#forClients.get(known) ?? []), entry]);
      return;
    }
    for (const method of methods)
      if (!known.has(method) || entry.dialect === this.#ownerOf(path)) known.set(method, entry);
  }

  #ownerOf(path: string): Dialect {
    let owner: Dialect | undefined;
    let length = 0;
    for (const dialect of this.#dialects) {
      for (const owned of dialect.paths) {
        if (owned.length <= length || !(owned.endsWith('/') ? path.startsWith(owned) : path === owned))
          continue;
        owner = dialect;
        length = owned.length;
      }
    }
    if (owner === undefined) throw new InvalidArgumentError('dialects', `must have an owner of ${path}`);
    return owner;
  }

  #methodsOf(path: string, patterns: { segments: readonly string[]; methods: Methods }[]): Methods {
    if (!path.includes('{')) {
      const known = this.#exact.get(path) ?? new Map<string, Entry>();
      this.#exact.set(path, known);
      return known;
    }
    const segments = path.split('/');
    const known = patterns.find((pattern) => pattern.segments.join('/') === path);
    if (known) return known.methods;
    const methods = new Map<string, Entry>();
    patterns.push({ segments, methods });
    return methods;
  }

  #findEncoded(path: string): Found | undefined {
    if (this.#encoded.length === 0) return undefined;
    const segments = path.split('/');
    for (const pattern of this.#encoded) {
      const params = matchSegments(pattern.segments, segments);
      if (params === undefined) continue;
      const decoded = Object.entries(params).map(([name, text]) => [name, decodePath(text) ?? text] as const);
      return { methods: pattern.methods, params: Object.fromEntries(decoded) };
    }
    return undefined;
  }

  #find(path: string): Found | undefined {
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

/**
 * Order of the methods in an `Allow` header: that in which Ollama adds its routes. Other methods follow in the order of
 * their routes.
 */
const methodOrder = ['HEAD', 'GET', 'POST', 'DELETE'];

function allowOf(methods: ReadonlyMap<string, unknown>): string {
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
