import { InvalidArgumentError } from '../../errors.ts';
import { optionNames, requireKnownOptions } from '../../known-options.ts';

/** Which subjects a stream keeps, and how many records of each. */
export interface StreamSpec {
  readonly name: string;
  /** Subjects whose records the stream keeps, wildcards allowed. */
  readonly subjects: readonly string[];
  /** Records kept per subject. @default 1 for a new stream; not compared with an existing one */
  readonly historyPerSubject?: number;
  /** Servers that keep a copy. @default 1 for a new stream; not compared with an existing one */
  readonly replicas?: number;
}

const specNames = optionNames<StreamSpec>({
  name: true,
  subjects: true,
  historyPerSubject: true,
  replicas: true,
});

/** @throws InvalidArgumentError for an unknown field */
export function requireStreamSpec(spec: StreamSpec): void {
  requireKnownOptions('spec', spec, specNames);
}

/**
 * Compares a stream spec with the existing stream. Fields absent from the spec are not compared: an operator may have
 * raised the replicas.
 *
 * @throws InvalidArgumentError naming the field in which they differ
 */
export function checkStream(spec: StreamSpec, existing: Required<Omit<StreamSpec, 'name'>>): void {
  const missing = spec.subjects.filter((subject) => !existing.subjects.includes(subject));
  if (missing.length > 0)
    throw new InvalidArgumentError(
      'spec.subjects',
      `differ from those of the existing stream ${spec.name} (missing ${missing.join(', ')})`,
    );
  for (const field of ['historyPerSubject', 'replicas'] as const) {
    const wanted = spec[field];
    if (wanted !== undefined && wanted !== existing[field])
      throw new InvalidArgumentError(
        `spec.${field}`,
        `is ${wanted}, and the existing stream ${spec.name} has ${existing[field]}: use that value, or change the stream`,
      );
  }
}
