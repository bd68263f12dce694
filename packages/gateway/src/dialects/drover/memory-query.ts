import { RequestFailure } from '../../errors.ts';

/**
 * The parameters of a query string by name. Pure.
 *
 * @throws RequestFailure 400 naming a parameter that is unknown or given twice
 */
export function readQuery<Name extends string>(
  query: string,
  names: readonly Name[],
): Readonly<Partial<Record<Name, string>>> {
  const given = new URLSearchParams(query);
  const values: Partial<Record<Name, string>> = {};
  for (const [name, value] of given) {
    if (!names.includes(name as Name)) throw invalidField(name, 'is not a parameter of this route');
    if (given.getAll(name).length > 1) throw invalidField(name, 'is given more than once');
    values[name as Name] = value;
  }
  return values;
}

/** A whole number in a query. @throws RequestFailure 400 naming the parameter */
export function wholeNumber(field: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw invalidField(field, 'must be a whole number');
  return Number(text);
}

/** The revision in an entity tag; undefined for a tag that no revision has. */
function revisionOfTag(tag: string): number | undefined {
  const digits = /^"(\d{1,15})"$/.exec(tag)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export function tagOf(revision: number): string {
  return `"${revision}"`;
}

/** What a change requires of the key: from `If-Match` and `If-None-Match`. */
export interface Precondition {
  readonly ifRevision?: number;
  readonly ifExists?: boolean;
}

/**
 * Reads the precondition of a change. A tag that no revision has matches nothing: -1.
 *
 * @throws RequestFailure 400 naming the header
 */
export function readPrecondition(ifMatch: string | undefined, ifNoneMatch: string | undefined): Precondition {
  if (ifMatch !== undefined && ifNoneMatch !== undefined)
    throw invalidField('If-None-Match', 'must not be given together with If-Match');
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.trim() !== '*') throw invalidField('If-None-Match', 'must be * for a change');
    return { ifRevision: 0 };
  }
  if (ifMatch === undefined) return {};
  const tag = ifMatch.trim();
  if (tag === '*') return { ifExists: true };
  const revision = revisionOfTag(tag);
  if (revision === undefined || revision === 0)
    throw invalidField('If-Match', 'must be * or one etag of a value, such as "17"');
  return { ifRevision: revision };
}

export function invalidField(field: string, what: string): RequestFailure {
  return new RequestFailure(400, 'invalid-input', `${field}: ${what}`, { field });
}
