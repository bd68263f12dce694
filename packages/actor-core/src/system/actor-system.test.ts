import { describe, expect, it } from 'vitest';
import { InvalidArgumentError, SystemStoppedError } from '../errors.ts';
import { localSystem, recorder } from '../testing/local-system.ts';
import { advance, settle } from '../testing/settle.ts';
import { receive, setup } from '../actor/behaviour.ts';
import type { Props } from '../actor/actor-context.ts';
import { props } from '../cell/create-props.ts';

describe('a system', () => {
  it('stops children in reverse start order, parents after their children', async () => {
    const { system } = localSystem();
    const ended: string[] = [];
    const tree = (name: string, children: string[]): Props<never> =>
      props<never>(() =>
        setup((context) => {
          for (const child of children) context.spawn(tree(`${name}/${child}`, []), child);
          return receive<never>(
            () => undefined,
            (signal) => {
              if (signal.type === 'post-stop') ended.push(name);
            },
          );
        }),
      );
    system.spawn(tree('a', ['x', 'y']), 'a');
    system.spawn(tree('b', []), 'b');
    await settle();
    await system.shutdown();
    expect(ended).toEqual(['b', 'a/y', 'a/x', 'a']);
    expect(await system.terminated).toBeUndefined();
    expect(() => system.spawn(tree('c', []))).toThrow(SystemStoppedError);
  });

  it('kills a child that does not stop within its deadline', async () => {
    const { system, clock, events } = localSystem();
    const stubborn = system.spawn(
      props<string>(() => receive(() => new Promise<never>(() => {}))),
      'stubborn',
    );
    stubborn.tell('hang');
    await settle();
    const down = system.shutdown();
    await advance(clock, 5_000, 500);
    await down;
    expect(events).toContainEqual({ type: 'stopped', path: 'stubborn', reason: 'killed' });
  });

  it('finishes the current message before it stops an actor', async () => {
    const { system } = localSystem();
    const { promise, resolve } = Promise.withResolvers<void>();
    const trace: string[] = [];
    const actor = system.spawn(
      props<string>(() =>
        receive(
          async () => {
            await promise;
            trace.push('handled');
          },
          (signal) => void trace.push(signal.type),
        ),
      ),
    );
    actor.tell('work');
    await settle();
    const gone = system.stop(actor);
    await settle();
    expect(trace).toEqual([]);
    resolve();
    await gone;
    expect(trace).toEqual(['handled', 'post-stop']);
  });

  it('reaches the actor that has the path now by a well-known ref', async () => {
    const { system } = localSystem();
    const ref = system.refFor<string>('n1', 'late');
    const seen: string[] = [];
    ref.tell('too early');
    system.spawn(recorder(seen), 'late');
    ref.tell('in time');
    await settle();
    expect(seen).toEqual(['in time']);
  });

  it.each(['', '$x', 'a/b', 'x'.repeat(257)])('refuses %j as a name', (name) => {
    const { system } = localSystem();
    expect(() => system.spawn(recorder([]), name)).toThrow(InvalidArgumentError);
  });

  it('refuses a name that is taken', () => {
    const { system } = localSystem();
    system.spawn(recorder([]), 'a');
    expect(() => system.spawn(recorder([]), 'a')).toThrow(InvalidArgumentError);
  });
});
