import { setTimeout as delay } from 'node:timers/promises';
import { errorLine } from '../errors.ts';
import type { Terminal } from '../output/terminal.ts';

const refreshMs = 1_000;

/**
 * Shows the lines of `look` every second until SIGINT or SIGTERM: redrawn in place on a terminal, else one report after
 * the other. A failure of the first call is thrown; a later failure is shown as a line, and the next call follows.
 */
export async function watch(terminal: Terminal, look: () => Promise<readonly string[]>): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  let lines = await look();
  while (!stop.signal.aborted) {
    if (terminal.isTTY) terminal.block(lines);
    else terminal.line(...lines);
    await delay(refreshMs, undefined, { signal: stop.signal }).catch(() => undefined);
    if (!stop.signal.aborted) lines = await look().catch((error: unknown) => [errorLine(error)]);
  }
}
