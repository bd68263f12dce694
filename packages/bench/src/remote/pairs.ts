import { fileURLToPath } from 'node:url';
import { type ReadyProcess, startReady } from '../child-process.ts';
import { cpuSeconds } from '../cpu-usage.ts';
import type { RemoteOutcome, RemoteWorkloadName } from './drive.ts';

const startTimeoutMs = 60_000;
const rowTimeoutMs = 120_000;

/** Result of one pair of processes, with the CPU time of both. */
export type PairOutcome = CallerOutcome & { readonly responderMicros: number };

/** `warmedUp`: messages before the measured ones. */
type CallerOutcome = RemoteOutcome & { readonly callerMicros: number; readonly warmedUp: number };

/** Messages per second from the first start to the last end of all pairs. */
export function ratePerSecond(outcomes: readonly RemoteOutcome[]): number {
  const sent = outcomes.reduce((sum, outcome) => sum + outcome.sent, 0);
  const beganAtMs = Math.min(...outcomes.map((outcome) => outcome.beganAtMs));
  const endedAtMs = Math.max(...outcomes.map((outcome) => outcome.endedAtMs));
  return (sent * 1000) / (endedAtMs - beganAtMs);
}

let pairNames = 0;

/**
 * Starts several pairs, lets all of them run at the same time after their warm-up, and ends them. Returns no outcomes
 * if the arm does not support the workload.
 */
export async function runPairs(
  natsUrl: string,
  name: string,
  file: string,
  workload: RemoteWorkloadName,
  count: number,
  pairs: number,
): Promise<PairOutcome[]> {
  const started: ReadyProcess<{ event: string; pid: number }>[] = [];
  try {
    const ready: { caller: Caller; responderPid: number }[] = [];
    for (let index = 0; index < pairs; index += 1) {
      const pair = `p${(pairNames += 1)}`;
      const responder = await startReady<{ event: string; pid: number }>(
        script('responder-main'),
        [file, natsUrl, pair],
        { timeoutMs: startTimeoutMs },
      );
      started.push(responder);
      const caller = await startCaller([file, natsUrl, pair, workload, String(count)]);
      started.push(caller.process);
      if (caller.process.ready.absent) return [];
      ready.push({ caller, responderPid: responder.ready.pid });
    }
    return await Promise.all(
      ready.map(async ({ caller, responderPid }) => {
        const before = cpuSeconds(responderPid) ?? Number.NaN;
        const outcome = await caller.run();
        const used = (cpuSeconds(responderPid) ?? Number.NaN) - before;
        if (outcome.delivered !== outcome.sent)
          throw new Error(`${outcome.sent} messages sent, ${outcome.delivered} delivered`);
        return { ...outcome, responderMicros: used * 1e6 };
      }),
    );
  } catch (error) {
    throw new Error(`${name}, ${workload}: ${(error as Error).message}`, { cause: error });
  } finally {
    await Promise.all(started.map((child) => child.stop(3_000)));
  }
}

interface CallerReady {
  readonly event: string;
  readonly pid: number;
  readonly absent: boolean;
}

interface Caller {
  readonly process: ReadyProcess<CallerReady>;
  run(): Promise<CallerOutcome>;
}

async function startCaller(args: readonly string[]): Promise<Caller> {
  const { promise, resolve, reject } = Promise.withResolvers<CallerOutcome>();
  const process = await startReady<CallerReady>(script('caller-main'), args, {
    timeoutMs: startTimeoutMs,
    onLine: (line) => {
      if (line.startsWith('{"event":"outcome"')) resolve(JSON.parse(line) as never);
    },
  });
  return {
    process,
    run: () => {
      const timer = setTimeout(() => reject(new Error(`no outcome within ${rowTimeoutMs} ms`)), rowTimeoutMs);
      process.child.once('exit', (code) => reject(new Error(`the caller ended with ${code}`)));
      process.child.stdin?.write('go\n');
      return promise.finally(() => clearTimeout(timer));
    },
  };
}

function script(name: string): string {
  return fileURLToPath(new URL(`./${name}.js`, import.meta.url));
}
