import { describe, expect, it } from 'vitest';
import { localSystem } from '../testing/local-system.ts';
import { advance, settle } from '../testing/settle.ts';
import type { ActorContext } from '../actor/actor-context.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive, same, setup, stopped, unhandled } from '../actor/behaviour.ts';
import type { Behaviour } from '../actor/actor-context.ts';
import { props } from './create-props.ts';

const anything = (value: unknown): Behaviour<string> => value as Behaviour<string>;

describe('a recipe', () => {
  it.each([
    ['same', () => same],
    ['unhandled', () => unhandled],
    ['a setup that keeps the same', () => setup<string>(() => same)],
    ['nothing', () => anything(undefined)],
    ['a number', () => anything(3)],
    ['a setup of a promise', () => setup<string>(() => anything(Promise.resolve(receive(() => undefined))))],
    ['an unknown kind', () => anything({ kind: 'other' })],
  ] as const)('that makes %s fails, instead of swallowing messages', async (_title, make) => {
    const { system, events } = localSystem();
    system.spawn(props<string>(make, { restart: 'temporary' })).tell('x');
    await settle();
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'stopped',
        reason: 'failed',
        cause: expect.objectContaining({ code: 'invalid-argument' }),
      }),
    );
  });

  it('may stop at once', async () => {
    const { system, events } = localSystem();
    system.spawn(props<string>(() => stopped)).tell('x');
    await settle();
    expect(events.map((event) => ('reason' in event ? event.reason : event.type))).toEqual([
      'no-such-actor',
      'stopped',
    ]);
  });
});

describe('a handler', () => {
  it.each([3, 'text', null, {}])(
    'that returns %j fails its actor with an error that names the behaviour',
    async (value) => {
      const { system, events } = localSystem();
      const actor = system.spawn(
        props<string>(() => receive(() => anything(value)), { restart: 'temporary' }),
      );
      actor.tell('x');
      await settle();
      expect(events).toMatchObject([
        { type: 'stopped', reason: 'failed', cause: { code: 'invalid-argument' } },
      ]);
    },
  );

  it('whose promise resolves to something else fails its actor too', async () => {
    const { system, events } = localSystem();
    const actor = system.spawn(
      props<string>(() => receive(async () => anything(3)), { restart: 'temporary' }),
    );
    actor.tell('x');
    await settle();
    expect(events).toMatchObject([
      { type: 'stopped', reason: 'failed', cause: { code: 'invalid-argument' } },
    ]);
  });

  it('may throw any value', async () => {
    const { system, events } = localSystem();
    const actor = system.spawn(
      props<string>(
        () =>
          receive(() => {
            throw undefined as unknown as Error;
          }),
        { restart: 'temporary' },
      ),
    );
    actor.tell('x');
    await settle();
    expect(events).toMatchObject([{ type: 'stopped', reason: 'failed' }]);
  });
});

describe('the end of an incarnation', () => {
  it.each(['permanent', 'transient'] as const)('starts no child of a %s actor', async (restart) => {
    const { system, clock } = localSystem();
    let born = 0;
    const child = props<string>(() =>
      setup(() => {
        born++;
        return receive<string>(() => undefined);
      }),
    );
    const actor = system.spawn(
      props<string>(
        () =>
          receive(
            () => stopped,
            (_signal, context) => void context.spawn(child),
          ),
        { restart },
      ),
      'parent',
    );
    await settle();
    actor.tell('stop');
    await advance(clock, 500);
    expect(born).toBe(0);
    expect(system.inspect().map(({ path }) => path)).toEqual(restart === 'permanent' ? ['parent'] : []);
  });

  it('makes its context ineffective, also for the children of the next incarnation', async () => {
    const { system, clock } = localSystem();
    const contexts: ActorContext<string>[] = [];
    const children: ActorRef<string>[] = [];
    const idle = props<string>(() => receive(() => undefined));
    const actor = system.spawn(
      props<string>(() =>
        setup((context) => {
          contexts.push(context);
          children.push(context.spawn(idle, 'child'));
          return receive(() => {
            throw new Error('boom');
          });
        }),
      ),
      'parent',
    );
    await settle();
    actor.tell('x');
    await advance(clock, 200);
    contexts[0]?.stop(children[1] as ActorRef<never>);
    contexts[0]?.kill(children[1] as ActorRef<never>);
    contexts[0]?.setTimer('t', 1, 'late');
    contexts[0]?.setReceiveTimeout(1, 'late');
    contexts[0]?.stash('late');
    contexts[0]?.unstashAll();
    await advance(clock, 300);
    expect(system.inspect()).toMatchObject([
      { path: 'parent', incarnation: 2 },
      { path: 'parent/child', incarnation: 1, state: 'running' },
    ]);
  });

  it('of a child during the stop of its parent does not delay the stop', async () => {
    const { system, events } = localSystem();
    const gate = Promise.withResolvers<never>();
    const child = props<string>(() => receive(() => gate.promise));
    let ref: ActorRef<string> | undefined;
    const parent = system.spawn(
      props<string>(() =>
        setup((context) => {
          ref = context.spawn(child, 'child');
          return receive(() => undefined);
        }),
      ),
      'parent',
    );
    await settle();
    ref?.tell('x');
    await settle();
    const gone = system.stop(parent);
    gate.reject(new Error('too late'));
    await gone;
    expect(events.map((event) => ('path' in event ? `${event.type} ${event.path}` : event.type))).toEqual([
      'stopped parent/child',
      'stopped parent',
    ]);
  });
});

describe('an actor that its supervisor does not restart', () => {
  it('is reported with its cause', async () => {
    const { system, events } = localSystem();
    const actor = system.spawn(
      props<string>(
        () =>
          receive(() => {
            throw new Error('boom');
          }),
        { restart: 'temporary' },
      ),
      'it',
    );
    actor.tell('x');
    await settle();
    expect(events).toEqual([
      { type: 'stopped', path: 'it', reason: 'failed', cause: expect.objectContaining({ message: 'boom' }) },
    ]);
  });
});
