import { InvalidArgumentError } from '../errors.ts';
import type { SupervisionOptions } from '../actor/supervision-options.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const supervisionOptions = optionNames<SupervisionOptions>({
  strategy: true,
  intensity: true,
  periodMs: true,
  dynamic: true,
  autoShutdown: true,
  backoffMs: true,
  backoffMaxMs: true,
  shutdownMs: true,
});

export type ResolvedSupervision = Required<SupervisionOptions>;

const defaults: ResolvedSupervision = Object.freeze({
  strategy: 'one-for-one',
  intensity: 3,
  periodMs: 30_000,
  dynamic: false,
  autoShutdown: 'never',
  backoffMs: 100,
  backoffMaxMs: 10_000,
  shutdownMs: 5_000,
});

/** @throws InvalidArgumentError naming the field that is out of range or contradicts another */
export function resolveSupervision(options: SupervisionOptions | undefined): ResolvedSupervision {
  if (options === undefined) return defaults;
  requireKnownOptions('supervision', options, supervisionOptions);
  const resolved: ResolvedSupervision = {
    strategy: options.strategy ?? defaults.strategy,
    intensity: options.intensity ?? defaults.intensity,
    periodMs: options.periodMs ?? defaults.periodMs,
    dynamic: options.dynamic ?? defaults.dynamic,
    autoShutdown: options.autoShutdown ?? defaults.autoShutdown,
    backoffMs: options.backoffMs ?? defaults.backoffMs,
    backoffMaxMs: options.backoffMaxMs ?? Math.max(defaults.backoffMaxMs, options.backoffMs ?? 0),
    shutdownMs: options.shutdownMs ?? defaults.shutdownMs,
  };
  for (const field of ['intensity', 'periodMs', 'backoffMs', 'backoffMaxMs', 'shutdownMs'] as const) {
    const value = resolved[field];
    if (!(Number.isFinite(value) && value >= 0))
      throw new InvalidArgumentError(`supervision.${field}`, 'must be a finite number of at least 0');
  }
  requireOneOf('strategy', resolved.strategy, ['one-for-one', 'one-for-all', 'rest-for-one']);
  requireOneOf('autoShutdown', resolved.autoShutdown, ['never', 'any-significant', 'all-significant']);
  if (resolved.dynamic && resolved.strategy !== 'one-for-one') {
    throw new InvalidArgumentError('supervision.dynamic', 'needs the strategy one-for-one');
  }
  if (resolved.backoffMaxMs < resolved.backoffMs) {
    throw new InvalidArgumentError('supervision.backoffMaxMs', 'must not be below backoffMs');
  }
  return resolved;
}

/** For code without types: refuses a misspelt value. */
function requireOneOf<T extends string>(field: string, value: T, known: readonly T[]): void {
  if (!known.includes(value))
    throw new InvalidArgumentError(`supervision.${field}`, `must be one of ${known.join(', ')}`);
}
