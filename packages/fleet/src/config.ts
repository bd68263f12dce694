import { InvalidArgumentError } from '@drover/actor-core';
import { grantIntervalMs, receiverSilenceMs } from './protocol/stream-message.ts';

export { noTimeoutMs } from './protocol/stream-open.ts';

/** Every tunable of the inner stream, the load table and the fleet client. Made by `resolveConfig`. */
export interface FleetConfig {
  /** Largest number of bytes (UTF-8) of unconfirmed lines that the sending end keeps. @default 4 MiB */
  readonly replayBufferBytes: number;
  /**
   * Largest number of unconfirmed lines that the sending end keeps; the bound that is reached first applies. @default
   * 16_384
   */
  readonly replayBufferLines: number;
  /** Largest number of bytes of lines in one chunk; longer lines travel in pieces. @default 32 KiB */
  readonly chunkBytes: number;
  /** Longest line of Ollama, bytes; a longer one fails the stream as `bad-upstream`. @default 64 MiB */
  readonly maxLineBytes: number;
  /**
   * Time without a message after which the sending end sends a beat, or repeats its unconfirmed ending. @default 1_000
   */
  readonly beatIntervalMs: number;
  /** Silence of the receiving end after which the sending end gives up and cancels. @default 6_000 */
  readonly receiverSilenceMs: number;

  /** Largest number of lines of a stream that are in transit or not yet read. @default 256 */
  readonly windowLines: number;
  /** The receiving end grants at least this often, as its sign of life. @default 1_000 */
  readonly grantIntervalMs: number;
  /** Silence of the sending end, while the bus is connected, after which its host counts as lost. @default 3_000 */
  readonly senderSilenceMs: number;
  /**
   * As `senderSilenceMs`, for the first message after a reconnect: the other end may reconnect later. @default 5_000
   */
  readonly reconnectSilenceMs: number;
  /** Age of a gap at which the missing lines are requested. @default 150 */
  readonly resumeDebounceMs: number;
  /** Time after which the request for missing lines is repeated. @default 500 */
  readonly resumeRepeatMs: number;
  /** Requests without progress before the lines count as lost for good. @default 12 */
  readonly maxResumes: number;
  /** How long either end of a running stream waits for a reconnect. @default 15_000 */
  readonly busPatienceMs: number;

  /**
   * A timer that fires this late shows that this process stalled. Silence then gets a grace of the same length, since
   * messages that arrived during the stall are still unread. @default 250
   */
  readonly ownStallMs: number;

  /** Deadline of a request without its own, milliseconds; 0 for no deadline. @default 0 */
  readonly requestTimeoutMs: number;
  /** Largest number of instances tried for one request. @default 3 */
  readonly maxAttempts: number;
  /** Part of a retry on another host that each request adds to the retry budget, in percent. @default 20 */
  readonly retryPercent: number;
  /** Retries a second that are allowed without any requests. @default 10 */
  readonly retryFloorPerSecond: number;
  /** Largest number of retries that the budget holds; it is full at the start. @default 100 */
  readonly retryBurst: number;
  /** Refusals or breaks in a row after which a host, or a model on it, is asked last. @default 3 */
  readonly ejectAfterFailures: number;
  /** First length of an ejection, milliseconds; doubled each time the following trial fails. @default 5_000 */
  readonly ejectMs: number;
  /** Longest ejection, milliseconds. @default 60_000 */
  readonly maxEjectMs: number;
  /**
   * Slow start: time from the first success after an ejection to the full share of requests, milliseconds. @default
   * 10_000
   */
  readonly slowStartMs: number;
  /**
   * Largest number of instances at which a request waits; the first with a free slot serves it. 1: only the instance it
   * was sent to. @default 16
   */
  readonly maxPlaces: number;
  /** Time without any answer of an instance after which another instance is tried, if there is one. @default 800 */
  readonly acceptTimeoutMs: number;
  /** How long a request waits while no load report has arrived yet. @default 2_000 */
  readonly firstReportWaitMs: number;
  /** How long a request that was not sent yet waits for a reconnect. @default 3_000 */
  readonly busWaitMs: number;
  /**
   * Most UTF-16 units of incomplete long lines, over all calls of one client; a call that exceeds it fails as
   * `queue-full`. @default 256 Mi
   */
  readonly maxPartialUnits: number;
  /**
   * Largest number of calls that run at once in one client; further calls are refused as `queue-full`. @default 10_000
   */
  readonly maxCalls: number;
  /** How long `describe` waits for the instances. @default 2_000 */
  readonly describeTimeoutMs: number;

  /** Largest number of nodes in the load table; further nodes are ignored and logged once. @default 1_024 */
  readonly maxNodes: number;
  /** Time after which a node that is away leaves the load table. @default 60_000 */
  readonly forgetNodeMs: number;
  /** Evidence older than this is used only if there is no newer evidence. @default 3_000 */
  readonly staleEvidenceMs: number;
}

/** Fields that may change while a client runs: each request reads them again. */
export const liveFields: readonly (keyof FleetConfig)[] = ['requestTimeoutMs', 'maxAttempts'];

export const defaults: FleetConfig = Object.freeze({
  replayBufferBytes: 4 * 1024 * 1024,
  replayBufferLines: 16_384,
  chunkBytes: 32 * 1024,
  maxLineBytes: 64 * 1024 * 1024,
  beatIntervalMs: 1_000,
  receiverSilenceMs,
  windowLines: 256,
  grantIntervalMs,
  senderSilenceMs: 3_000,
  reconnectSilenceMs: 5_000,
  resumeDebounceMs: 150,
  resumeRepeatMs: 500,
  maxResumes: 12,
  busPatienceMs: 15_000,
  ownStallMs: 250,
  requestTimeoutMs: 0,
  maxAttempts: 3,
  retryPercent: 20,
  retryFloorPerSecond: 10,
  retryBurst: 100,
  ejectAfterFailures: 3,
  ejectMs: 5_000,
  maxEjectMs: 60_000,
  slowStartMs: 10_000,
  maxPlaces: 16,
  acceptTimeoutMs: 800,
  firstReportWaitMs: 2_000,
  busWaitMs: 3_000,
  maxPartialUnits: 256 * 1024 * 1024,
  maxCalls: 10_000,
  describeTimeoutMs: 2_000,
  maxNodes: 1_024,
  forgetNodeMs: 60_000,
  staleEvidenceMs: 3_000,
});

/** Pairs of which the first value must be below the second, with the reason. */
const orderings: readonly (readonly [keyof FleetConfig, keyof FleetConfig, string])[] = [
  ['beatIntervalMs', 'senderSilenceMs', 'or a quiet host would count as lost'],
  ['grantIntervalMs', 'receiverSilenceMs', 'or a slow reader would count as gone'],
  ['windowLines', 'replayBufferLines', 'or granted lines could not be replayed'],
  ['ejectMs', 'maxEjectMs', 'or an ejection could not grow'],
  ['acceptTimeoutMs', 'senderSilenceMs', 'or another instance would never be tried early'],
];

/**
 * Fills in the defaults and freezes the result.
 *
 * @throws InvalidArgumentError naming the field: unknown, not a positive whole number, or contradicting another
 */
export function resolveConfig(partial: Partial<FleetConfig> = {}): FleetConfig {
  const resolved: Record<keyof FleetConfig, number> = { ...defaults };
  for (const [field, value] of Object.entries(partial) as [keyof FleetConfig, number | undefined][]) {
    if (!Object.hasOwn(defaults, field)) throw new InvalidArgumentError(field, 'is not a setting of fleet');
    if (value === undefined) continue;
    const least = field === 'requestTimeoutMs' ? 0 : 1;
    if (!Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(
        field,
        `must be a whole number from ${least} (got ${JSON.stringify(value)})`,
      );
    }
    resolved[field] = value;
  }
  for (const [low, high, reason] of orderings) {
    if (resolved[low] >= resolved[high]) {
      throw new InvalidArgumentError(
        low,
        `(${resolved[low]}) must be below ${high} (${resolved[high]}), ${reason}`,
      );
    }
  }
  return Object.freeze(resolved);
}
