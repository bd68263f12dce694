import { editDistance } from './edit-distance.ts';
import { InvalidArgumentError } from './errors.ts';

/** Option names of one call. */
export type OptionNames = ReadonlySet<string>;

/** All option names of `T`; the type checker reports a missing name. */
export function optionNames<T>(names: Record<keyof T, true>): OptionNames {
  return new Set(Object.keys(names));
}

/**
 * Refuses an unknown option, so that a misspelt name does not silently mean the default.
 *
 * @param where prefix of the name in the error: `props`, `supervision`
 * @throws InvalidArgumentError naming the option and, where one is near, the right name
 */
export function requireKnownOptions(where: string, options: object, known: OptionNames): void {
  for (const name in options) if (!known.has(name)) throw unknownOption(where, name, known);
}

function unknownOption(where: string, name: string, known: OptionNames): InvalidArgumentError {
  const near = nearest(name, known);
  return new InvalidArgumentError(
    `${where}.${name}`,
    near === undefined
      ? `is no option; there is ${[...known].join(', ')}`
      : `is no option: did you mean ${near}?`,
  );
}

/** The known name that is at most two edits away, or differs in upper and lower case only. */
function nearest(name: string, known: OptionNames): string | undefined {
  const lower = name.toLowerCase();
  let best: string | undefined;
  let least = 3;
  for (const candidate of known) {
    const other = candidate.toLowerCase();
    // A missing or an additional unit: `timeout` for `timeoutMs`.
    const distance = other.startsWith(lower) || lower.startsWith(other) ? 1 : editDistance(lower, other);
    if (distance >= least) continue;
    best = candidate;
    least = distance;
  }
  return best;
}
