import { RequestFailure } from '../../errors.ts';

/** Query of `GET /api/v1/actors`. */
export interface ActorsQuery {
  /** Only this node is asked; undefined for all nodes. */
  readonly node: string | undefined;
  /** Only actors whose path begins with this text; '' for all. */
  readonly path: string;
  /** Largest number of actors in the answer of each node, 1 to 1000. */
  readonly limit: number;
}

const defaultLimit = 200;
const maxLimit = 1_000;
const maxPathLength = 1_024;
const nodePattern = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const fields: ReadonlySet<string> = new Set(['node', 'path', 'limit']);

/**
 * Parses the query string of a request, which begins with a question mark. Pure.
 *
 * @throws RequestFailure 400 naming the first invalid parameter
 */
export function readActorsQuery(query: string): ActorsQuery {
  const given = new URLSearchParams(query);
  for (const field of given.keys()) {
    if (!fields.has(field)) throw invalid(field, 'is not a parameter of this route');
    if (given.getAll(field).length > 1) throw invalid(field, 'is given more than once');
  }
  const node = given.get('node') ?? undefined;
  if (node !== undefined && !nodePattern.test(node))
    throw invalid('node', 'must be the name of a node: 1 to 64 of a-z 0-9 _ -');
  const path = given.get('path') ?? '';
  if (path.length > maxPathLength) throw invalid('path', `must have ${maxPathLength} characters at most`);
  return { node, path, limit: limitOf(given.get('limit')) };
}

function limitOf(text: string | null): number {
  if (text === null) return defaultLimit;
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > maxLimit) throw invalid('limit', `must be a whole number from 1 to ${maxLimit}`);
  return limit;
}

function invalid(field: string, what: string): RequestFailure {
  return new RequestFailure(400, 'invalid-input', `${field}: ${what}`, { field });
}
