import { describe, expect, it } from 'vitest';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive, setup, stopped } from '../actor/behaviour.ts';
import { createActorSystem } from '../node/create-actor-system.ts';
import { props } from '../cell/create-props.ts';
import { systemClock } from '../clock/system-clock.ts';
import { ExpectationFailedError } from './expectation.ts';
import { ManualClock } from './manual-clock.ts';
import { createProbe, type Probe } from './probe.ts';

type Said = { readonly type: 'tick'; readonly count: number } | { readonly type: 'done' };

function start() {
  const clock = new ManualClock();
  const system = createActorSystem({ clock });
  return { clock, system, probe: createProbe<Said>(system, clock, 'probe') };
}

/** Sends a tick each second, and `done` after the third. */
const ticker = (to: ActorRef<Said>) =>
  props<'tick'>(() =>
    setup((context) => {
      let count = 0;
      context.setInterval('tick', 1_000, 'tick');
      return receive(() => {
        to.tell({ type: 'tick', count: ++count });
        if (count < 3) return undefined;
        to.tell({ type: 'done' });
        return stopped;
      });
    }),
  );

async function failureOf(expectation: Promise<unknown>): Promise<ExpectationFailedError> {
  const error = await expectation.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ExpectationFailedError);
  return error as ExpectationFailedError;
}

describe('a probe', () => {
  it('advances a manual clock as far as the message needs and no further', async () => {
    const { clock, system, probe } = start();
    system.spawn(ticker(probe.ref));
    await probe.expectMessage({ type: 'tick', count: 1 }, { withinMs: 5_000 });
    expect(clock.now()).toBe(1_000);
    await probe.expectNoMessage({ forMs: 999 });
    expect(await probe.expectMessageOfType('tick', { withinMs: 1 })).toEqual({ type: 'tick', count: 2 });
    await probe.expectMessageMatching(({ type }) => type === 'tick', { withinMs: 1_000 });
    await probe.expectMessageMatching({ type: 'done' }, { withinMs: 0 });
    expect(clock.now()).toBe(3_000);
  });

  it('receives several messages, and reports their number when too few arrive', async () => {
    const { system, probe } = start();
    system.spawn(ticker(probe.ref));
    expect(await probe.receiveMessages(2, { withinMs: 2_000 })).toHaveLength(2);
    const failure = await failureOf(probe.receiveMessages(3, { withinMs: 60_000 }));
    expect(failure.message).toContain('probe: expected 3 messages within 60000 ms, got 2');
  });

  it('fishes for one message among others', async () => {
    const { system, probe } = start();
    system.spawn(ticker(probe.ref));
    const caught = await probe.fishForMessage(
      (message) => (message.type === 'done' ? 'complete' : message.count === 2 ? 'continue' : 'ignore'),
      { withinMs: 10_000 },
    );
    expect(caught).toEqual([{ type: 'tick', count: 2 }, { type: 'done' }]);
    expect(probe.waiting).toEqual([]);
    await failureOf(probe.fishForMessage(() => 'continue', { withinMs: 1_000 }));
    probe.ref.tell({ type: 'done' });
    await failureOf(probe.fishForMessage(() => 'fail', { withinMs: 1_000 }));
  });

  it('reports the end of an actor and its reason, watched before or not', async () => {
    const { clock, system, probe } = start();
    const one = system.spawn(ticker(probe.ref), 'one');
    expect(await probe.expectTerminated(one, { withinMs: 10_000, reason: 'stopped' })).toBe('stopped');
    expect(clock.now()).toBe(3_000);
    expect(await probe.expectTerminated(one, { withinMs: 0 })).toBe('stopped');
    const two = system.spawn(ticker(probe.ref), 'two');
    const lives = await failureOf(probe.expectTerminated(two, { withinMs: 100 }));
    expect(lives.message).toContain('expected the end of two within 100 ms, but it is still alive');
    await system.stop(two);
    const other = await failureOf(probe.expectTerminated(two, { withinMs: 0, reason: 'killed' }));
    expect(other.message).toContain("expected two to end as 'killed', it ended as 'stopped'");
  });

  it('lists its messages when an expectation fails, with refs by their address', async () => {
    const { clock, system } = start();
    const probe: Probe<object> = createProbe(system, clock, 'listener');
    probe.ref.tell({ type: 'hello', replyTo: probe.ref });
    clock.advance(50);
    probe.ref.tell({ type: 'bye' });
    await probe.expectMessageOfType('hello', { withinMs: 0 });
    const failure = await failureOf(probe.expectMessage({ type: 'good bye' }, { withinMs: 100 }));
    expect(failure.message.replaceAll(/#\d+/g, '#1').split('\n')).toEqual([
      "listener: expected { type: 'good bye' }, got { type: 'bye' }",
      '  messages it was sent:',
      "    50 ms  { type: 'hello', replyTo: <ref local/listener#1> }",
      "    50 ms  { type: 'bye' }",
    ]);
    expect(failure).toMatchObject({
      name: 'ExpectationFailedError',
      code: 'expectation-failed',
      expected: { type: 'good bye' },
      actual: { type: 'bye' },
    });
    const silence = await failureOf(probe.expectMessage({ type: 'more' }, { withinMs: 100 }));
    expect(silence.message).toContain("expected { type: 'more' } within 100 ms, got no message");
    probe.ref.tell({ type: 'late' });
    expect((await failureOf(probe.expectNoMessage({ forMs: 10 }))).message).toContain("got { type: 'late' }");
  });

  it('waits on the system clock when there is no manual clock', async () => {
    const system = createActorSystem();
    const probe = createProbe<string>(system, systemClock);
    systemClock.setTimer(5, () => probe.ref.tell('now'));
    await probe.expectMessage('now', { withinMs: 5_000 });
    await failureOf(probe.expectMessage('never', { withinMs: 5 }));
    await system.shutdown();
  });

  it('receives nothing after it was stopped', async () => {
    const { system, probe } = start();
    await probe.stop();
    probe.ref.tell({ type: 'done' });
    expect(system.counters().deadLetters['no-such-actor']).toBe(1);
  });
});
