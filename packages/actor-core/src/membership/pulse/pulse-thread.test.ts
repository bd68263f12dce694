import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { silentLogger } from '../../logger.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import type { Transport } from '../../transport/transport.ts';
import { startPulse, type ThreadHandle } from './pulse-thread.ts';

class FakeThread extends EventEmitter {
  ref(): void {}
  unref(): void {}
  postMessage(): void {
    this.emit('exit', 0);
  }
  terminate(): Promise<number> {
    return Promise.resolve(0);
  }
}

/** A pulse with its threads, newest last. */
function setup() {
  const clock = new ManualClock();
  const threads: FakeThread[] = [];
  const transport = { connected: true, onConnectionChange: () => () => undefined };
  const pulse = startPulse(
    {
      node: 'a',
      incarnation: 1,
      cell: 'c',
      servers: [],
      creds: undefined,
      user: undefined,
      pass: undefined,
    },
    {
      clock,
      log: silentLogger,
      transport: transport as unknown as Transport,
      startThread: () => {
        threads.push(new FakeThread());
        return threads.at(-1) as unknown as ThreadHandle;
      },
    },
  );
  const fail = () => {
    threads.at(-1)?.emit('error', new Error('out of memory'));
    threads.at(-1)?.emit('exit', 1);
  };
  return { pulse, clock, threads, fail };
}

it('a pulse thread that fails is started again, later with each failure in a row', () => {
  const { pulse, clock, threads, fail } = setup();
  threads[0]?.emit('message', { isRunning: true });
  expect(pulse.isRunning).toBe(true);
  for (const [count, pauseMs] of [
    [2, 1_000],
    [3, 2_000],
    [4, 4_000],
  ] as const) {
    fail();
    expect(pulse.isRunning).toBe(false);
    clock.advance(pauseMs - 1);
    expect(threads).toHaveLength(count - 1);
    clock.advance(1);
    expect(threads).toHaveLength(count);
  }
  threads.at(-1)?.emit('message', { isRunning: true });
  expect(pulse.isRunning).toBe(true);
  fail();
  clock.advance(1_000);
  expect(threads).toHaveLength(5);
});

it('a pulse that is closed starts no further thread', async () => {
  const { pulse, clock, threads, fail } = setup();
  fail();
  await pulse.close();
  clock.advance(120_000);
  expect(threads).toHaveLength(1);
});
