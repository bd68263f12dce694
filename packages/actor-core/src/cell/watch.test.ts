import { describe, expect, it } from 'vitest';
import { localSystem, recorder } from '../testing/local-system.ts';
import { advance, settle } from '../testing/settle.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive, setup, stopped, unhandled } from '../actor/behaviour.ts';
import type { Props } from '../actor/actor-context.ts';
import { props } from './create-props.ts';

function watcher(targets: ActorRef<never>[], seen: string[]): Props<'unwatch'> {
  return props<'unwatch'>(() =>
    setup((context) => {
      for (const target of targets) {
        context.watch(target);
        context.watch(target);
      }
      return receive(
        () => targets.forEach((target) => context.unwatch(target)),
        (signal) => {
          if (signal.type === 'terminated') seen.push(`${signal.ref.address.path} ${signal.reason}`);
        },
      );
    }),
  );
}

describe('watching', () => {
  it('notifies of each end exactly once, with its reason', async () => {
    const { system, clock } = localSystem();
    const seen: string[] = [];
    const ends = system.spawn(
      props<string>(() => receive(() => stopped)),
      'ends',
    );
    const fails = system.spawn(
      props<string>(
        () =>
          receive(() => {
            throw new Error('boom');
          }),
        { restart: 'temporary' },
      ),
      'fails',
    );
    const stays = system.spawn(recorder<string>([]), 'stays');
    system.spawn(
      watcher([ends, fails, stays, system.refFor('n1', 'nobody'), system.refFor('far', 'away')], seen),
      'watcher',
    );
    await settle();
    ends.tell('go');
    fails.tell('go');
    await settle();
    await system.stop(stays);
    await advance(clock, 1_000);
    expect(seen.toSorted()).toEqual([
      'away node-down',
      'ends stopped',
      'fails failed',
      'nobody not-found',
      'stays stopped',
    ]);
  });

  it('does not notify of a restart', async () => {
    const { system, clock } = localSystem();
    const seen: string[] = [];
    const fails = system.spawn(
      props<string>(() =>
        receive(() => {
          throw new Error('boom');
        }),
      ),
      'fails',
    );
    system.spawn(watcher([fails], seen));
    await settle();
    fails.tell('go');
    await advance(clock, 1_000);
    expect(seen).toEqual([]);
  });

  it('does not notify once cancelled, even when the notice already waits in the mailbox', async () => {
    const { system } = localSystem();
    const seen: string[] = [];
    const ends = system.spawn(
      props<string>(() => receive(() => stopped)),
      'ends',
    );
    const watching = system.spawn(watcher([ends], seen));
    await settle();
    ends.tell('go');
    watching.tell('unwatch');
    await settle();
    expect(seen).toEqual([]);
  });

  it('gives one notice for one actor by whatever ref it is watched, and is cancelled by any of them', async () => {
    const { system } = localSystem();
    const [kept, left] = [system.spawn(mortal(), 'kept'), system.spawn(mortal(), 'left')];
    const seen: string[] = [];
    system.spawn(
      props<never>(() =>
        setup((context) => {
          context.watch(kept);
          context.watch(system.refFor('n1', 'kept'));
          context.watch(system.refFor('n1', 'left'));
          context.unwatch(left);
          return receive(
            () => undefined,
            (signal) => void seen.push(signal.type === 'terminated' ? signal.ref.address.path : signal.type),
          );
        }),
      ),
    );
    await settle();
    kept.tell('stop');
    left.tell('stop');
    await settle();
    expect(seen).toEqual(['kept']);
  });

  it('arrives after the messages that the watched actor sent before', async () => {
    const { system } = localSystem();
    const seen: string[] = [];
    system.spawn(
      props<string>(() =>
        setup((context) => {
          const child = context.spawn(
            props<string>(() =>
              receive(() => {
                context.self.tell('last words');
                return stopped;
              }),
            ),
          );
          context.watch(child);
          child.tell('go');
          return receive(
            (message) => void seen.push(message),
            (signal) => void seen.push(signal.type),
          );
        }),
      ),
    );
    await settle();
    expect(seen).toEqual(['last words', 'terminated']);
  });
});

const mortal = (): Props<'stop' | 'fail'> =>
  props<'stop' | 'fail'>(
    () =>
      receive((order) => {
        if (order === 'fail') throw new Error('boom');
        return stopped;
      }),
    { restart: 'temporary' },
  );

describe('a watched end', () => {
  it.each([
    ['has no handler for signals', undefined],
    ['says unhandled', () => unhandled],
  ] as const)('that its watcher does not handle fails it: it %s', async (_title, onSignal) => {
    const { system, events } = localSystem();
    const target = system.spawn(mortal(), 'target');
    system.spawn(
      props<never>(
        () =>
          setup((context) => {
            context.watch(target);
            return receive<never>(() => undefined, onSignal);
          }),
        { restart: 'temporary' },
      ),
      'watcher',
    );
    await settle();
    target.tell('stop');
    await settle();
    expect(events.at(-1)).toMatchObject({
      path: 'watcher',
      reason: 'failed',
      cause: { code: 'death-pact', path: 'target', reason: 'stopped' },
    });
  });

  it('in the past is reported with its reason to a late watcher', async () => {
    const { system } = localSystem();
    const [one, other] = [system.spawn(mortal(), 'one'), system.spawn(mortal(), 'other')];
    one.tell('stop');
    other.tell('fail');
    await settle();
    const seen: string[] = [];
    system.spawn(watcher([one, other], seen));
    await settle();
    expect(seen).toEqual(['one stopped', 'other failed']);
  });
});
