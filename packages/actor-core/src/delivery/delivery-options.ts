import { InvalidArgumentError } from '../errors.ts';
import type { ProducerWindowOptions } from './producer-window.ts';

/** Limits and timing of a producer. The defaults are those of Pekko's reliable delivery. */
export interface ProducerOptions {
  /** Messages kept until they are confirmed; more are refused. @default 1000 */
  readonly bufferLimit?: number;
  /**
   * Silence of the consumer after which the producer repeats the handshake, which makes the consumer name what is
   * missing. @default 2_000
   */
  readonly resendMs?: number;
  /** Limit of that wait, which doubles each time. @default 30_000 */
  readonly resendMaxMs?: number;
}

/** Default limit of messages in flight to a consumer. */
export const defaultDeliveryWindow = 50;
/** Limit of producers that a consumer remembers; the one that was silent for longest is forgotten first. */
export const maxProducers = 1_000;

/** @throws InvalidArgumentError naming the option that is invalid */
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
