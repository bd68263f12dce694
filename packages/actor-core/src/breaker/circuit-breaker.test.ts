import { expect, it } from 'vitest';
import { ManualClock } from '../testing/manual-clock.ts';
import { type CircuitBreaker, type CircuitBreakerOptions, createCircuitBreaker } from './circuit-breaker.ts';

const outcome = (promise: Promise<string>): Promise<string> =>
  promise.catch((error: Error & { code?: string }) => error.code ?? 'error');

interface Setup {
  readonly clock: ManualClock;
  readonly breaker: CircuitBreaker;
  readonly states: string[];
  readonly ok: () => Promise<string>;
  readonly fail: () => Promise<string>;
}

function setup(options: Partial<CircuitBreakerOptions> = {}): Setup {
  const clock = new ManualClock();
  const states: string[] = [];
  const breaker = createCircuitBreaker({
    name: 'ollama-1',
    clock,
    maxFailures: 3,
    callTimeoutMs: 100,
    resetMs: 1_000,
    onChange: (state) => states.push(state),
    ...options,
  });
  return {
    clock,
    breaker,
    states,
    ok: () => outcome(breaker.call(() => Promise.resolve('ok'))),
    fail: () => outcome(breaker.call(() => Promise.reject(new Error('down')))),
  };
}

it('opens after failures in a row, refuses without calling, and closes once a probe succeeds', async () => {
  const { clock, ok, fail, states } = setup();
  expect([await fail(), await fail(), await ok(), await fail(), await fail(), await fail()]).toEqual([
    'error',
    'error',
    'ok',
    'error',
    'error',
    'error',
  ]);
  expect(await ok()).toBe('circuit-open');
  clock.advance(999);
  expect(await ok()).toBe('circuit-open');
  clock.advance(1);
  expect(await ok()).toBe('ok');
  expect(states).toEqual(['open', 'half-open', 'closed']);
});

it('doubles its wait each time a probe fails, and resets the wait once it has closed', async () => {
  const { clock, ok, fail, breaker } = setup({ maxFailures: 1, resetMaxMs: 3_000 });
  await fail();
  for (const waitMs of [1_000, 2_000, 3_000, 3_000]) {
    clock.advance(waitMs - 1);
    expect(await ok()).toBe('circuit-open');
    clock.advance(1);
    expect(await fail()).toBe('error');
  }
  clock.advance(3_000);
  expect(await ok()).toBe('ok');
  await fail();
  clock.advance(1_000);
  expect(await ok()).toBe('ok');
  expect(breaker.state).toBe('closed');
});

it('lets only probes through while it is half open', async () => {
  const { clock, breaker, ok, fail } = setup({ maxFailures: 1, probes: 2 });
  await fail();
  clock.advance(1_000);
  const gates = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const probes = gates.map(({ promise }) => breaker.call(() => promise));
  expect(await ok()).toBe('circuit-open');
  gates[0]?.resolve('one');
  await probes[0];
  expect(await ok()).toBe('circuit-open');
  gates[1]?.resolve('two');
  await probes[1];
  expect(await ok()).toBe('ok');
});

it('ignores the outcome of a probe from an earlier half-open period', async () => {
  const { clock, breaker, fail } = setup({ maxFailures: 1, probes: 2, callTimeoutMs: 60_000 });
  await fail();
  clock.advance(1_000);
  const gate = Promise.withResolvers<string>();
  const early = breaker.call(() => gate.promise);
  await fail();
  clock.advance(2_000);
  const probe = breaker.call(() => Promise.resolve('ok'));
  gate.resolve('early');
  await Promise.all([early, probe]);
  expect(breaker.state).toBe('half-open');
});

it('counts a call that takes too long as failed, aborts it and ignores its late outcome', async () => {
  const { clock, breaker } = setup({ maxFailures: 1 });
  const gate = Promise.withResolvers<string>();
  let aborted = false;
  const called = breaker.call((signal) => {
    signal.addEventListener('abort', () => {
      aborted = true;
    });
    return gate.promise;
  });
  const failed = expect(called).rejects.toMatchObject({ code: 'request-timeout' });
  clock.advance(100);
  await failed;
  expect([aborted, breaker.state]).toEqual([true, 'open']);
  gate.resolve('late');
  await gate.promise;
  expect([breaker.state, clock.pending]).toEqual(['open', 0]);
});

it('does not count errors that isFailure excludes, and tells when to retry', async () => {
  const { breaker, fail } = setup({
    maxFailures: 1,
    isFailure: (error) => (error as Error).message !== 'down',
  });
  await fail();
  expect(breaker.state).toBe('closed');
  const other = setup({ maxFailures: 1 });
  await other.fail();
  other.clock.advance(400);
  await expect(other.breaker.call(() => Promise.resolve(1))).rejects.toMatchObject({ retryAfterMs: 600 });
});

it.each([
  ['maxFailures', 0],
  ['probes', 1.5],
  ['resetMs', 0],
  ['resetMaxMs', 10],
  ['callTimeoutMs', Number.NaN],
])('refuses %s %s by name', (option, value) => {
  expect(() => setup({ [option]: value })).toThrow(option);
});

const mistake = (): never => {
  throw new Error('a mistake');
};

it('continues when an option throws', async () => {
  const { clock, breaker, fail, ok } = setup({ isFailure: mistake, onChange: mistake, maxFailures: 1 });
  expect(await fail()).toBe('error');
  expect(breaker.state).toBe('open');
  clock.advance(1_000);
  expect(await fail()).toBe('error');
  clock.advance(2_000);
  expect(await ok()).toBe('ok');
  expect(breaker.state).toBe('closed');
});

it('lets no more than its probes through when many calls arrive at once while half open', async () => {
  const { clock, breaker, fail } = setup({ maxFailures: 1, probes: 2 });
  await fail();
  clock.advance(1_000);
  let called = 0;
  const gate = Promise.withResolvers<string>();
  const calls = Array.from({ length: 10 }, () =>
    outcome(
      breaker.call(() => {
        called++;
        return gate.promise;
      }),
    ),
  );
  gate.resolve('ok');
  const outcomes = await Promise.all(calls);
  expect(called).toBe(2);
  expect(outcomes.filter((one) => one === 'circuit-open')).toHaveLength(8);
  expect(breaker.state).toBe('closed');
});
