import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ExitReport, ReadyReport, RunningChild } from './running-child.ts';
import { type ProcessEvent, type ProcessSpec, SupervisedProcess } from './supervised-process.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

interface Life extends RunningChild {
  becomeReady(): void;
  end(code: number | null): void;
  readonly asked: string[];
}

function setup(options: Partial<ProcessSpec> = {}): {
  process: SupervisedProcess;
  lives: Life[];
  events: ProcessEvent[];
} {
  const lives: Life[] = [];
  const events: ProcessEvent[] = [];
  const launch = (): RunningChild => {
    const ready = Promise.withResolvers<ReadyReport>();
    const exited = Promise.withResolvers<ExitReport>();
    const asked: string[] = [];
    const life: Life = {
      pid: 100 + lives.length,
      ready: ready.promise,
      exited: exited.promise,
      asked,
      requestStop: () => asked.push('stop'),
      kill: () => {
        asked.push('kill');
        life.end(null);
      },
      becomeReady: () => ready.resolve({}),
      end: (code) => exited.resolve({ code, signal: null, lastLines: ['last words'] }),
    };
    lives.push(life);
    return life;
  };
  const process = new SupervisedProcess(
    { id: 'p', role: 'test', readyTimeoutMs: 1_000, launch, ...options },
    (event) => events.push(event),
  );
  return { process, lives, events };
}

const settle = async (ms = 0): Promise<void> => {
  await vi.advanceTimersByTimeAsync(ms);
};

it('starts a process again after it ended by itself, even with code 0', async () => {
  const { process, lives, events } = setup();
  const started = process.start();
  lives[0]?.becomeReady();
  await expect(started).resolves.toBeUndefined();
  lives[0]?.end(0);
  await settle(50);
  expect(lives).toHaveLength(2);
  lives[1]?.becomeReady();
  await settle();
  expect(events.map((event) => event.type)).toEqual(['ready', 'exited', 'ready']);
  expect(process.pid).toBe(101);
});

it('kills a process that does not become ready, and starts it again', async () => {
  const { process, lives } = setup();
  void process.start();
  await settle(1_000);
  expect(lives[0]?.asked).toEqual(['kill']);
  await settle(50);
  expect(lives).toHaveLength(2);
});

it('gives up at once on an exit code that a restart cannot cure', async () => {
  const { process, lives, events } = setup({ fatalExitCodes: [2] });
  const started = process.start();
  lives[0]?.end(2);
  await expect(started).resolves.toMatchObject({ code: 2, lastLines: ['last words'] });
  expect(events).toMatchObject([{ type: 'gave-up' }]);
  expect(process.state).toBe('failed');
});

it('restarts after such a code once the process was ready', async () => {
  const { process, lives } = setup({ fatalExitCodes: [3] });
  const started = process.start();
  lives[0]?.becomeReady();
  await started;
  lives[0]?.end(3);
  await settle(50);
  expect(lives).toHaveLength(2);
});

it('gives up when a process fails more often than its policy allows', async () => {
  const { process, lives, events } = setup();
  const started = process.start();
  for (let life = 0; life < 6; life += 1) {
    lives[life]?.end(1);
    await settle(900);
  }
  await expect(started).resolves.toMatchObject({ code: 1 });
  expect(events.at(-1)).toMatchObject({ type: 'gave-up', restarts: 5 });
});

it('stops in an orderly way and does not start again', async () => {
  const { process, lives } = setup();
  const started = process.start();
  lives[0]?.becomeReady();
  await started;
  const stopped = process.stop(1_000);
  expect(lives[0]?.asked).toEqual(['stop']);
  lives[0]?.end(0);
  await stopped;
  expect(process.state).toBe('stopped');
  expect(lives).toHaveLength(1);
});

it('kills a process that does not stop within its grace period', async () => {
  const { process, lives } = setup();
  const started = process.start();
  lives[0]?.becomeReady();
  await started;
  const stopped = process.stop(1_000);
  await settle(1_000);
  await stopped;
  expect(lives[0]?.asked).toEqual(['stop', 'kill']);
});

it('stops during the wait before a restart', async () => {
  const { process, lives } = setup();
  void process.start();
  lives[0]?.end(1);
  await settle();
  expect(process.state).toBe('waiting');
  await process.stop(1_000);
  expect(lives).toHaveLength(1);
});
