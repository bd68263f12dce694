import { fileURLToPath } from 'node:url';
import { startReady } from '../child-process.ts';

const crowdMain: string = fileURLToPath(new URL('crowd-main.js', import.meta.url));

/** Combined result of all streams of a crowd. */
export interface CrowdOutcome {
  readonly streams: number;
  /** Streams that delivered every token, in order. */
  readonly whole: number;
  /** A sample of the errors of the other streams. */
  readonly problems: readonly string[];
  /** Largest pause within any of the streams, in milliseconds. */
  readonly maxGapMs: number;
}

export interface CrowdSize {
  readonly streams: number;
  /** Tokens of each stream. */
  readonly tokens: number;
  /** Time over which the opening of the streams is spread. */
  readonly rampMs: number;
}

/** A crowd of streaming clients. It runs in its own process, so that reading tokens does not delay the probes. */
export interface Crowd {
  /** Resolves when every stream has ended. */
  readonly outcome: Promise<CrowdOutcome>;
  stop(): Promise<void>;
}

/**
 * Opens the streams and resolves when each has its first token.
 *
 * @throws Error when that takes more than `timeoutMs`
 */
export async function startCrowd(
  urls: readonly string[],
  size: CrowdSize,
  timeoutMs: number,
): Promise<Crowd> {
  const { promise, resolve, reject } = Promise.withResolvers<CrowdOutcome>();
  promise.catch(() => undefined);
  const args = [size.streams, size.tokens, size.rampMs].map(String);
  const running = await startReady<{ event: string }>(crowdMain, [...args, ...urls], {
    timeoutMs,
    onLine: (line) => {
      const value = JSON.parse(line) as { event: string } & CrowdOutcome;
      if (value.event === 'outcome') resolve(value);
    },
  });
  running.child.once('exit', (code) => reject(new Error(`the crowd ended with ${code}`)));
  return { outcome: promise, stop: () => running.stop(1_000) };
}
