import { expect, it } from 'vitest';
import { deadLetters, localSystem } from '../testing/local-system.ts';
import { advance, settle } from '../testing/settle.ts';
import { receive } from '../actor/behaviour.ts';
import { props } from './create-props.ts';

it('a stash that overflows is not given to the next incarnation, which continues with the messages after it', async () => {
  const { system, clock, events } = localSystem();
  const seen: string[] = [];
  const opened = receive<string>((message) => void seen.push(message));
  const actor = system.spawn(
    props<string>(
      () =>
        receive((message, context) => {
          if (message !== 'open') return context.stash(message);
          context.unstashAll();
          return opened;
        }),
      { mailbox: { capacity: 10 } },
    ),
    'it',
  );
  const asked = system
    .ask<string, never>(actor, () => 'question', { timeoutMs: 60_000 })
    .catch((error: Error & { code: string }) => error.code);
  for (let n = 0; n < 9; n++) actor.tell(`${n}`);
  await settle();
  actor.tell('too much');
  await settle();
  actor.tell('after');
  await advance(clock, 30_000, 1_000);
  expect(events.filter(({ type }) => type === 'restarted')).toHaveLength(1);
  expect(deadLetters(events)).toEqual(Array.from({ length: 10 }, () => 'stash-full'));
  expect(await asked).toBe('mailbox-full');
  actor.tell('open');
  await settle();
  expect(seen).toEqual(['after']);
});

it('a stash is kept through a restart for any other reason', async () => {
  const { system, clock } = localSystem();
  const seen: string[] = [];
  const actor = system.spawn(
    props<string>(() =>
      receive((message, context) => {
        if (message === 'fail') throw new Error('as told');
        if (context.incarnation === 1) return context.stash(message);
        seen.push(message);
        return undefined;
      }),
    ),
  );
  for (const message of ['a', 'b', 'fail']) actor.tell(message);
  await advance(clock, 1_000, 100);
  expect(seen).toEqual(['a', 'b']);
});
