import { type Alias, fitsPattern, isWildcard } from './alias.ts';

/** The rules of a gateway for names of models. */
export interface NameRules {
  readonly aliases: readonly Alias[];
  /** Models for names that nothing else knows; empty: such requests are refused. */
  readonly defaults: readonly string[];
}

/**
 * The models that may serve a request for `name`, in the order in which they are tried; undefined if the name is used
 * as it is. Targets are names of models and not resolved again, so there are no loops. Pure.
 *
 * An alias without wildcards comes first, then a model of that name, then the most specific alias with wildcards, then
 * the default.
 *
 * @param isKnown whether the fleet lists a model of this name
 */
export function resolveModel(
  name: string,
  { aliases, defaults }: NameRules,
  isKnown: (name: string) => boolean,
): readonly string[] | undefined {
  const exact = aliases.find((alias) => !isWildcard(alias) && fitsPattern(alias.pattern, name));
  if (exact) return exact.targets;
  if (isKnown(name)) return undefined;
  const fitting = aliases.filter((alias) => isWildcard(alias) && fitsPattern(alias.pattern, name));
  const [best] = fitting.toSorted((a, b) => literalLength(b) - literalLength(a));
  if (best) return best.targets;
  return defaults.length > 0 && name.trim() !== '' ? defaults : undefined;
}

/** Characters of the pattern that a name must have. */
function literalLength({ pattern }: Alias): number {
  return pattern.replaceAll('*', '').length;
}
