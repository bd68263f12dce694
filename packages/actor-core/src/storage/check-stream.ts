import { InvalidArgumentError } from '../errors.ts';
import type { StreamSpec } from './store.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const specOptions = optionNames<StreamSpec>({
  name: true,
  subjects: true,
  historyPerSubject: true,
  replicas: true,
});

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
        `is ${wanted}, and the existing stream ${spec.name} has ${existing[field]}: ask for what it has, or change the stream`,
      );
  }
}

/** @throws InvalidArgumentError for an unknown field */
export function requireStreamSpec(spec: StreamSpec): void {
  requireKnownOptions('spec', spec, specOptions);
}
