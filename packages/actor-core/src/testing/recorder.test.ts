import { expect, it } from 'vitest';
import { receive } from '../actor/behaviour.ts';
import { createActorSystem } from '../node/create-actor-system.ts';
import { props } from '../cell/create-props.ts';
import { ManualClock } from './manual-clock.ts';
import { expectDeadLetters, expectEvent, recordEvents, recordLog } from './recorder.ts';

function start() {
  const clock = new ManualClock();
  const { logger, lines } = recordLog(clock);
  const system = createActorSystem({ clock, log: logger });
  const ref = system.spawn(
    props<'boom' | 'work'>(() =>
      receive((message) => {
        if (message === 'boom') throw new Error('boom');
      }),
    ),
    'worker',
  );
  return { clock, system, ref, lines };
}

it('passes when a restart happens exactly as often as expected, on the manual clock', async () => {
  const { clock, system, ref } = start();
  const [event] = await expectEvent(
    system,
    clock,
    { type: 'restarted', path: 'worker' },
    { withinMs: 1_000 },
    () => ref.tell('boom'),
  );
  expect(event).toMatchObject({ incarnation: 2, cause: new Error('boom') });
  await expectEvent(system, clock, { type: 'restarted' }, { times: 0, withinMs: 10_000 }, () =>
    ref.tell('work'),
  );
});

it('fails when an event happens once too often, and lists all recorded events', async () => {
  const { clock, system } = start();
  const nobody = system.refFor<string>('local', 'nobody');
  const tellTwice = () => {
    nobody.tell('a');
    nobody.tell('b');
  };
  await expectDeadLetters(system, clock, { times: 2, reason: 'no-such-actor', withinMs: 0 }, tellTwice);
  await expect(expectDeadLetters(system, clock, { withinMs: 0 }, tellTwice)).rejects.toThrow(
    /expected \{ type: 'dead-letter' \} once within 0 ms, saw it 2 times\n {2}runtime events:\n {4}0 ms {2}\{/,
  );
  await expect(
    expectEvent(
      system,
      clock,
      ({ type }) => type === 'parked',
      { withinMs: 5 },
      () => undefined,
    ),
  ).rejects.toThrow('saw it 0 times\n  runtime events: none');
});

it('expects log lines in the same way as events', async () => {
  const { ref, lines } = start();
  await lines.expect({ level: 'warn', message: 'actor restarted' }, { withinMs: 1_000 }, () =>
    ref.tell('boom'),
  );
  expect(lines.seen[0]?.fields).toMatchObject({ actor: 'worker' });
});

it('keeps all entries from its start until it is stopped', async () => {
  const { clock, system, ref } = start();
  const events = recordEvents(system, clock);
  ref.tell('boom');
  clock.advance(0);
  await events.expect({ type: 'restarted' }, { withinMs: 1_000 });
  await events.expect({ type: 'restarted' }, { withinMs: 0 });
  events.stop();
  ref.tell('boom');
  await events.expect({ type: 'restarted' }, { withinMs: 10_000 });
});
