import { InvalidArgumentError } from '@drover/actor-core';

/** One rule for names of models: requests for names that fit `pattern` go to the first of `targets` that can serve. */
export interface Alias {
  /** A name, or a name with wildcards `*`. */
  readonly pattern: string;
  /** Names of models, tried in this order. */
  readonly targets: readonly string[];
}

/**
 * Reads `pattern=model` or `pattern=model|model`.
 *
 * @param field name of the setting, for the error
 * @throws InvalidArgumentError for another text
 */
export function readAlias(field: string, text: string): Alias {
  const sign = text.indexOf('=');
  const pattern = text.slice(0, Math.max(0, sign)).trim();
  if (pattern === '')
    throw new InvalidArgumentError(field, `must be NAME=MODEL or NAME=MODEL|MODEL (got ${text})`);
  return { pattern, targets: readTargets(field, text.slice(sign + 1)) };
}

/**
 * Reads names of models that `|` separates.
 *
 * @throws InvalidArgumentError for another text
 */
export function readTargets(field: string, text: string): readonly string[] {
  const targets = text.split('|').map((target) => target.trim());
  const wrong = targets.find((target) => !targetPattern.test(target));
  if (wrong !== undefined)
    throw new InvalidArgumentError(field, `must name models of the fleet (got ${wrong || text})`);
  if (targets.length > maxTargets)
    throw new InvalidArgumentError(field, `may name ${maxTargets} models each (got ${text})`);
  return targets;
}

/** Whether a name fits a pattern, without regard to case, as Ollama compares names. `x` and `x:latest` are one name. */
export function fitsPattern(pattern: string, name: string): boolean {
  const [wanted, given] = [bare(pattern), bare(name)];
  if (!wanted.includes('*')) return wanted === given;
  const [first = '', ...rest] = wanted.split('*');
  const last = rest.pop() ?? '';
  if (given.length < first.length + last.length || !given.startsWith(first) || !given.endsWith(last))
    return false;
  let at = first.length;
  const end = given.length - last.length;
  for (const piece of rest) {
    const found = given.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}

export function isWildcard({ pattern }: Alias): boolean {
  return pattern.includes('*');
}

function bare(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/:latest$/, '');
}

const targetPattern = /^[A-Za-z0-9_][A-Za-z0-9_.:/-]*$/;

const maxTargets = 8;
