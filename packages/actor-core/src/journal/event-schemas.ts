import { z } from 'zod';
import { InvalidArgumentError } from '../errors.ts';

/** Fields of a stored value, before its schema has checked them. */
export type StoredFields = Readonly<Record<string, unknown>>;

/** Changes stored fields of one version into those of the next version. Pure. */
export type Upcaster = (fields: StoredFields) => StoredFields;

/** What one version of a value looks like, and how older versions become it. */
export interface Versioned<S extends z.ZodType = z.ZodType> {
  /** Its fields. Codecs (`z.codec`) may be used; transforms may not, since values are encoded and decoded. */
  readonly schema: S;
  /** Number of this version. It grows by one with each change that older data do not fit. @default 1 */
  readonly version?: number;
  /** By version, what changes it into the next version; one for each version before the present one. */
  readonly upcast?: Readonly<Record<number, Upcaster>>;
}

/** One type of event. Its fields are those of an object; `type` is reserved. */
export interface EventSpec<S extends z.ZodObject = z.ZodObject> extends Versioned<S> {
  /** Earlier names of this type in stored events. */
  readonly formerly?: readonly string[];
}

/** All types of event of a journal, by name. */
export type EventSpecs = Readonly<Record<string, EventSpec>>;

/** The events that specs describe: `type` and the fields of the schema. */
export type EventOf<E extends EventSpecs> = {
  [K in keyof E & string]: { readonly type: K } & z.output<E[K]['schema']>;
}[keyof E & string];

/** An event as it is stored. */
export interface StoredEvent {
  readonly type: string;
  readonly version: number;
  readonly fields: unknown;
}

/** Why stored data cannot be used. The evidence of a quarantine. */
export interface Defect {
  readonly reason: /** This program knows no event of that type. */
    | 'unknown-event'
    /** Stored by a newer version of the program. */
    | 'newer-version'
    /** The schema, or an upcaster, refuses it. */
    | 'wrong-schema'
    /** `apply` failed on the event. */
    | 'apply-failed'
    /** The state breaks the invariant. */
    | 'broken-invariant'
    /** Entries are missing. */
    | 'gap'
    /** A record is no entry of a journal. */
    | 'no-entry';
  readonly detail: string;
}

/** Stored data could not be used; carries the defect to the place where it is reported. */
export class DefectError extends Error {
  readonly defect: Defect;

  constructor(reason: Defect['reason'], cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause));
    this.defect = { reason, detail: this.message };
  }
}

const maxDetailLength = 2_000;

/** Encodes and decodes the events of one journal. */
export class EventSchemas {
  readonly #specs: EventSpecs;
  /** By present or earlier name. */
  readonly #names = new Map<string, string>();
  readonly #retired: ReadonlySet<string>;

  /** @throws InvalidArgumentError for a spec whose names or upcasters contradict each other */
  constructor(specs: EventSpecs, retired: readonly string[] = []) {
    this.#specs = specs;
    this.#retired = new Set(retired);
    for (const [name, spec] of Object.entries(specs)) {
      requireUpcasters(`events.${name}`, spec);
      for (const known of [name, ...(spec.formerly ?? [])]) {
        if (this.#names.has(known) || this.#retired.has(known))
          throw new InvalidArgumentError(`events.${name}`, `the name ${known} stands for another event too`);
        this.#names.set(known, name);
      }
    }
  }

  /** @throws InvalidArgumentError for an event that does not fit its schema: it could not be read again */
  encode(event: { readonly type: string }): StoredEvent {
    const { type, ...fields } = event;
    const spec = this.#specs[type];
    if (spec === undefined)
      throw new InvalidArgumentError('event.type', `${type} is no event of this journal`);
    return { type, version: spec.version ?? 1, fields: encodeWith(`event ${type}`, spec.schema, fields) };
  }

  /** Undefined for an event of a type that is retired. @throws DefectError */
  decode({ type, version, fields }: StoredEvent): { readonly type: string } | undefined {
    if (this.#retired.has(type)) return undefined;
    const name = this.#names.get(type);
    const spec = name === undefined ? undefined : this.#specs[name];
    if (name === undefined || spec === undefined)
      throw new DefectError('unknown-event', `no event is named ${type}`);
    return { type: name, ...(decodeVersioned(spec, version, fields) as object) };
  }
}

/** @throws InvalidArgumentError for a version without a way to the next one */
export function requireUpcasters(field: string, { version = 1, upcast = {} }: Versioned): void {
  if (!Number.isInteger(version) || version < 1)
    throw new InvalidArgumentError(`${field}.version`, 'must be an integer of at least 1');
  for (let from = 1; from < version; from++)
    if (upcast[from] === undefined)
      throw new InvalidArgumentError(`${field}.upcast`, `lacks the step from version ${from} to ${from + 1}`);
}

/** Encodes a value. @throws InvalidArgumentError for a value that does not fit its schema */
export function encodeWith(what: string, schema: z.ZodType, value: unknown): unknown {
  try {
    return z.encode(schema, value);
  } catch (error) {
    throw new InvalidArgumentError(what, `cannot be stored: ${describe(error)}`);
  }
}

/** Brings stored data to the present version and decodes it. @throws DefectError */
export function decodeVersioned(
  { version = 1, upcast, schema }: Versioned,
  stored: number,
  data: unknown,
): unknown {
  if (!(Number.isInteger(stored) && stored >= 1 && stored <= version))
    throw new DefectError('newer-version', `version ${stored} is stored, and this program knows ${version}`);
  let fields = data as StoredFields;
  try {
    for (let from = stored; from < version; from++) fields = upcast?.[from]?.(fields) ?? fields;
    return z.decode(schema, fields);
  } catch (error) {
    throw new DefectError('wrong-schema', describe(error));
  }
}

/** What is wrong, in one bounded text. */
export function describe(error: unknown): string {
  const text =
    error instanceof z.ZodError
      ? z.prettifyError(error)
      : error instanceof Error
        ? error.message
        : String(error);
  return text.slice(0, maxDetailLength);
}
