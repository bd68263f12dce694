import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** Whether the long form of a proof runs (`npm run proof`); `npm test` runs the short form. */
export const isFullProof: boolean = process.env['DROVER_PROOF'] === 'full';

/** Milliseconds that something took in many trials, from the shortest to the longest. */
export interface Times {
  readonly what: string;
  readonly trials: number;
  readonly minMs: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export function timesOf(what: string, tookMs: readonly number[]): Times {
  const sorted = tookMs.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN);
  return {
    what,
    trials: sorted.length,
    minMs: Math.round(sorted[0] ?? Number.NaN),
    medianMs: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
  };
}

/** One line per bucket of that width, with a bar. */
export function histogramOf(tookMs: readonly number[], widthMs = 250): readonly string[] {
  const buckets = new Map<number, number>();
  for (const ms of tookMs) {
    const bucket = Math.floor(ms / widthMs);
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
  }
  return [...buckets]
    .toSorted(([a], [b]) => a - b)
    .map(
      ([bucket, count]) =>
        `${String(bucket * widthMs).padStart(6)} to ${(bucket + 1) * widthMs} ms ${'#'.repeat(count)} ${count}`,
    );
}

/** Prints a figure, and appends it to the file from which `npm run proof` makes `proofs/NAME.json`. */
export function noteFigure(figure: object): void {
  process.stdout.write(`figure: ${JSON.stringify(figure)}\n`);
  const file = process.env['DROVER_FIGURES'];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(figure)}\n`);
}

/**
 * Plays one part of a long proof. A part that was played before the proof was interrupted is not played again: its
 * result, which has to survive JSON, is taken from the file that `npm run proof` keeps.
 */
export async function playPart<T>(part: string, play: () => Promise<T>): Promise<T> {
  const file = process.env['DROVER_PARTS'];
  if (file === undefined) return play();
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  const done = lines
    .map((line) => JSON.parse(line) as { readonly part: string; readonly result: T })
    .find((one) => one.part === part);
  if (done !== undefined) return done.result;
  const result = await play();
  appendFileSync(file, `${JSON.stringify({ part, result })}\n`);
  return result;
}
