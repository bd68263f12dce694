import { describe, expect, it } from 'vitest';
import { deadLetters, localSystem } from '../testing/local-system.ts';
import { advance, settle } from '../testing/settle.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive, same, setup, stopped } from '../actor/behaviour.ts';
import type { Behaviour } from '../actor/actor-context.ts';
import { props } from './create-props.ts';

describe('an incarnation', () => {
  it('aborts its signal when it ends and its late results are ignored', async () => {
    const { system, clock } = localSystem();
    const aborted: string[] = [];
    const values: string[] = [];
    const gates = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    const actor = system.spawn(
      props<string>(() =>
        setup((context) => {
          context.signal.addEventListener('abort', () => aborted.push(`life ${context.incarnation}`));
          context.pipeToSelf(
            (gates[context.incarnation - 1] as (typeof gates)[0]).promise,
            (value) => value,
            String,
          );
          return receive((message) => {
            if (message === 'boom') throw new Error('boom');
            values.push(message);
          });
        }),
      ),
    );
    actor.tell('boom');
    await advance(clock, 200);
    gates[0]?.resolve('old');
    gates[1]?.resolve('new');
    await settle();
    expect(aborted).toEqual(['life 1']);
    expect(values).toEqual(['new']);
  });

  it('that is killed while it awaits is replaced, with its mailbox dropped and its result ignored', async () => {
    const { system, clock, events } = localSystem();
    const { promise, resolve } = Promise.withResolvers<Behaviour<string>>();
    const seen: string[] = [];
    let child: ActorRef<string> | undefined;
    const parent = system.spawn(
      props<string>(() =>
        setup((context) => {
          child = context.spawn(
            props<string>(() =>
              receive((message, { incarnation }) => {
                seen.push(`${message}@${incarnation}`);
                return message === 'hang' ? promise : same;
              }),
            ),
            'child',
          );
          return receive(() => context.kill(child as ActorRef<never>));
        }),
      ),
    );
    await settle();
    child?.tell('hang');
    child?.tell('queued');
    await settle();
    parent.tell('kill');
    await advance(clock, 200);
    resolve(stopped);
    await settle();
    child?.tell('next');
    await settle();
    expect(seen).toEqual(['hang@1', 'next@2']);
    expect(deadLetters(events)).toEqual(['no-such-actor']);
  });

  it('keeps its mailbox through a restart, both lanes', async () => {
    const { system, clock } = localSystem();
    const seen: string[] = [];
    const actor = system.spawn(
      props<string>(() =>
        receive((message) => {
          if (message === 'boom') throw new Error('boom');
          seen.push(message);
        }),
      ),
    );
    actor.tell('boom', { lane: 'control' });
    actor.tell('control', { lane: 'control' });
    actor.tell('data');
    await advance(clock, 200);
    expect(seen).toEqual(['control', 'data']);
  });
});
