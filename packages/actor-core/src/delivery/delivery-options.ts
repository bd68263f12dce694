import { InvalidArgumentError } from '../errors.ts';
import type { ProducerWindowOptions } from './producer-window.ts';

/** How a producer sends. Defaults as Pekko's reliable delivery has them. */
export interface ProducerOptions {
  /** Messages kept until they are confirmed; more are refused. @default 1000 */
  readonly bufferLimit?: number;
  /** Silence of the consumer after which it is greeted again, which makes it name what it lacks. @default 2_000 */
  readonly resendMs?: number;
  /** That wait doubles up to this. @default 30_000 */
  readonly resendMaxMs?: number;
}

/** Messages on the way to a consumer at most, unless it says otherwise. */
export const defaultDeliveryWindow = 50;
/** Producers that a consumer remembers at most; the one silent for longest is forgotten first. */
export const maxProducers = 1_000;

/** @throws InvalidArgumentError naming the option that cannot be */
export function resolveProducerOptions(options: ProducerOptions): ProducerWindowOptions {
  const { bufferLimit = 1_000, resendMs = 2_000, resendMaxMs = 30_000 } = options;
  requireCount('bufferLimit', bufferLimit);
  if (!(Number.isFinite(resendMs) && resendMs > 0))
    throw new InvalidArgumentError('resendMs', 'must be finite and above 0');
  if (!(Number.isFinite(resendMaxMs) && resendMaxMs >= resendMs))
    throw new InvalidArgumentError('resendMaxMs', 'must be finite and at least resendMs');
  return { capacity: bufferLimit, resendMs, resendMaxMs };
}

/** @throws InvalidArgumentError unless `value` is a whole number of at least 1 */
export function requireCount(name: string, value: number): number {
  if (!(Number.isSafeInteger(value) && value >= 1))
    throw new InvalidArgumentError(name, 'must be a whole number of at least 1');
  return value;
}
