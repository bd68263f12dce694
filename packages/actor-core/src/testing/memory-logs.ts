import { seededRandom } from '../random/seeded-random.ts';
import type { Random } from '../random.ts';
import type { Log } from '../storage/log/log.ts';
import type { LogFault, LogOperation } from '../storage/log/log-fault.ts';
import { MemoryLogs } from '../storage/log/memory-log.ts';
import { nodeScheduler } from '../scheduler/node-scheduler.ts';
import { ManualClock } from './manual-clock.ts';
import { settle } from './settle.ts';

const stepMs = 50;
const longestMs = 60_000;

/** Logs in memory under a manual clock, with faults in a fixed order. */
export interface MemoryLogsKit {
  readonly clock: ManualClock;
  readonly random: Random;
  readonly logs: MemoryLogs;
  readonly log: Log;
  /** The next operations of that kind meet these faults, in order; undefined is none. */
  readonly plan: (kind: LogOperation['kind'], ...faults: (LogFault | undefined)[]) => void;
  /** Runs everything that is ready, then lets time pass, in steps. */
  readonly pass: (ms: number) => Promise<void>;
  /** Lets time pass until the condition holds, at most a minute. */
  readonly eventually: (condition: () => boolean | Promise<boolean>) => Promise<void>;
  /** Lets time pass until the work is done, at most a minute. */
  readonly settled: <T>(work: Promise<T>) => Promise<T>;
}

export function memoryLogsKit(): MemoryLogsKit {
  const clock = new ManualClock();
  const logs = new MemoryLogs({ clock, scheduler: nodeScheduler() });
  const planned = new Map<LogOperation['kind'], (LogFault | undefined)[]>();
  logs.faults = ({ kind }) => planned.get(kind)?.shift();
  async function pass(ms: number): Promise<void> {
    await settle(2);
    for (let left = ms; left > 0; left -= stepMs) {
      clock.advance(Math.min(stepMs, left));
      await settle(2);
    }
  }
  async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
    for (let passed = 0; passed < longestMs; passed += stepMs) {
      if (await condition()) return;
      await pass(stepMs);
    }
    throw new Error(`the condition does not hold after ${longestMs} ms of virtual time`);
  }
  return {
    clock,
    random: seededRandom(1),
    logs,
    log: logs.connect('one'),
    plan: (kind, ...faults) => void planned.set(kind, faults),
    pass,
    eventually,
    async settled(work) {
      const progress = { isDone: false };
      const observed = work.finally(() => {
        progress.isDone = true;
      });
      observed.catch(() => undefined);
      await eventually(() => progress.isDone);
      return observed;
    },
  };
}
