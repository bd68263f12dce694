/** What a further signal means. */
export type SignalMeaning = 'drain' | 'same-keystroke' | 'stop-at-once';

/**
 * One Ctrl-C reaches this process several times: from the terminal, from npm, from the launcher. Repeats within
 * this time of the first are the same keystroke.
 */
export const sameKeystrokeMs = 150;

export function decideSignal(firstAtMs: number | undefined, nowMs: number): SignalMeaning {
  if (firstAtMs === undefined) return 'drain';
  return nowMs - firstAtMs < sameKeystrokeMs ? 'same-keystroke' : 'stop-at-once';
}

/** Listens for SIGINT, SIGTERM and SIGHUP. `onStop` is called once at the first, `onStopAtOnce` at a real second. */
export function listenForSignals(onStop: (signal: string) => void, onStopAtOnce: () => void): void {
  let firstAtMs: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      const nowMs = performance.now();
      const meaning = decideSignal(firstAtMs, nowMs);
      firstAtMs ??= nowMs;
      if (meaning === 'drain') onStop(signal);
      else if (meaning === 'stop-at-once') onStopAtOnce();
    });
  }
}
