import { setTimeout as sleep } from 'node:timers/promises';
import { type ChatOutcome, runChatStream } from '../chat-stream.ts';
import type { CrowdOutcome } from './crowd.ts';

/** Milliseconds without a byte after which a stream counts as lost. */
const timeoutMs = 60_000;

/**
 * Usage: `node crowd-main.js COUNT TOKENS RAMP_MS URL…`
 *
 * Opens COUNT streams within RAMP_MS, reports that it is ready when each stream has its first token or has failed, and
 * prints one `CrowdOutcome` when all streams have ended. The process ends when its stdin closes.
 */
const [countText, tokensText, rampText, ...urls] = process.argv.slice(2);
const count = Number(countText);
const numPredict = Number(tokensText);
process.stdin.once('end', () => process.exit(1)).resume();

let begun = 0;
const running: Promise<ChatOutcome>[] = [];
for (let index = 0; index < count; index += 1) {
  let isFirst = true;
  const hasBegun = (): void => {
    if (!isFirst) return;
    isFirst = false;
    begun += 1;
    if (begun === count) process.stdout.write(`${JSON.stringify({ event: 'ready', pid: process.pid })}\n`);
  };
  running.push(
    runChatStream(urls[index % urls.length] as string, {
      model: 'sim-count',
      numPredict,
      intendedAtMs: performance.now(),
      timeoutMs,
      newConnection: true,
      onLine: hasBegun,
    }).finally(hasBegun),
  );
  await sleep(Number(rampText) / count);
}
const outcomes = await Promise.all(running);
const broken = outcomes.filter(({ verified }) => !verified);
const result: CrowdOutcome = {
  streams: count,
  whole: count - broken.length,
  problems: [...new Set(broken.map(({ problem }) => problem ?? 'unknown'))].slice(0, 5),
  maxGapMs: Math.max(...outcomes.map(({ maxGapMs }) => maxGapMs)),
};
process.stdout.write(`${JSON.stringify({ event: 'outcome', ...result })}\n`, () => process.exit(0));
