import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ExitReport, ReadyReport, RunningChild } from './running-child.ts';
import { type ProcessEvent, type ProcessSpec, SupervisedProcess } from './supervised-process.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

interface FakeRun extends RunningChild {
  isAskedToLeave: boolean;
  becomeReady(): void;
  end(code: number | null): void;
  readonly requests: string[];
}

function setup(options: Partial<ProcessSpec> = {}): {
  process: SupervisedProcess;
  runs: FakeRun[];
  events: ProcessEvent[];
} {
  const runs: FakeRun[] = [];
  const events: ProcessEvent[] = [];
  const launch = (): RunningChild => {
    const ready = Promise.withResolvers<ReadyReport>();
    const exited = Promise.withResolvers<ExitReport>();
    const requests: string[] = [];
    const run: FakeRun = {
      pid: 100 + runs.length,
      ready: ready.promise,
      exited: exited.promise,
      requests,
      hasLeft: () => run.isAskedToLeave,
      isAskedToLeave: false,
      requestStop: () => requests.push('stop'),
      kill: () => {
        requests.push('kill');
        run.end(null);
      },
      becomeReady: () => ready.resolve({}),
      end: (code) => exited.resolve({ code, signal: null, lastLines: ['the last line'] }),
    };
    runs.push(run);
    return run;
  };
  const process = new SupervisedProcess(
    { id: 'p', role: 'test', readyTimeoutMs: 1_000, launch, ...options },
    (event) => events.push(event),
  );
  return { process, runs, events };
}

const settle = async (ms = 0): Promise<void> => {
  await vi.advanceTimersByTimeAsync(ms);
};

it('starts a process again after it ended by itself, even with code 0', async () => {
  const { process, runs, events } = setup();
  const started = process.start();
  runs[0]?.becomeReady();
  await expect(started).resolves.toBeUndefined();
  runs[0]?.end(0);
  await settle(50);
  expect(runs).toHaveLength(2);
  runs[1]?.becomeReady();
  await settle();
  expect(events.map((event) => event.type)).toEqual(['ready', 'exited', 'ready']);
  expect(process.pid).toBe(101);
});

it('does not start a process again that the cluster asked to leave', async () => {
  const { process, runs, events } = setup();
  void process.start();
  const [run] = runs as [FakeRun];
  run.becomeReady();
  await settle();
  run.isAskedToLeave = true;
  run.end(0);
  await settle(60_000);
  expect(runs).toHaveLength(1);
  expect([process.state, events.at(-1)]).toEqual(['stopped', { type: 'left', pid: 100 }]);
});

it('kills a process that does not become ready, and starts it again', async () => {
  const { process, runs } = setup();
  void process.start();
  await settle(1_000);
  expect(runs[0]?.requests).toEqual(['kill']);
  await settle(50);
  expect(runs).toHaveLength(2);
});

it('gives up at once on an exit code that a restart cannot cure', async () => {
  const { process, runs, events } = setup({ fatalExitCodes: [2] });
  const started = process.start();
  runs[0]?.end(2);
  await expect(started).resolves.toMatchObject({ code: 2, lastLines: ['the last line'] });
  expect(events).toMatchObject([{ type: 'gave-up' }]);
  expect(process.state).toBe('failed');
});

it('restarts after such a code once the process was ready', async () => {
  const { process, runs } = setup({ fatalExitCodes: [3] });
  const started = process.start();
  runs[0]?.becomeReady();
  await started;
  runs[0]?.end(3);
  await settle(50);
  expect(runs).toHaveLength(2);
});

it('gives up when a process fails more often than its policy allows', async () => {
  const { process, runs, events } = setup();
  const started = process.start();
  for (let run = 0; run < 6; run += 1) {
    runs[run]?.end(1);
    await settle(900);
  }
  await expect(started).resolves.toMatchObject({ code: 1 });
  expect(events.at(-1)).toMatchObject({ type: 'gave-up', restarts: 5 });
});

it('stops in order and is not restarted', async () => {
  const { process, runs } = setup();
  const started = process.start();
  runs[0]?.becomeReady();
  await started;
  const stopped = process.stop(1_000);
  expect(runs[0]?.requests).toEqual(['stop']);
  runs[0]?.end(0);
  await stopped;
  expect(process.state).toBe('stopped');
  expect(runs).toHaveLength(1);
});

it('kills a process that does not stop within its grace period', async () => {
  const { process, runs } = setup();
  const started = process.start();
  runs[0]?.becomeReady();
  await started;
  const stopped = process.stop(1_000);
  await settle(1_000);
  await stopped;
  expect(runs[0]?.requests).toEqual(['stop', 'kill']);
});

it('stops during the wait before a restart', async () => {
  const { process, runs } = setup();
  void process.start();
  runs[0]?.end(1);
  await settle();
  expect(process.state).toBe('waiting');
  await process.stop(1_000);
  expect(runs).toHaveLength(1);
});

it('restarts a process on request at once, and does not count that as a failure', async () => {
  const { process, runs, events } = setup();
  void process.start();
  for (let round = 0; round < 8; round++) {
    runs[round]?.becomeReady();
    await settle();
    const restarted = process.restart(1_000);
    expect(runs[round]?.requests).toEqual(['stop']);
    runs[round]?.end(0);
    await settle();
    runs[round + 1]?.becomeReady();
    await settle();
    await expect(restarted).resolves.toBeUndefined();
  }
  expect([process.state, runs.length]).toEqual(['ready', 9]);
  expect(events.filter((event) => event.type === 'gave-up')).toEqual([]);
});

it('kills a process that does not stop for its restart', async () => {
  const { process, runs } = setup();
  void process.start();
  runs[0]?.becomeReady();
  await settle();
  void process.restart(1_000);
  await settle(1_000);
  expect(runs[0]?.requests).toEqual(['stop', 'kill']);
  expect(runs).toHaveLength(2);
});
