import { describe, expect, it } from 'vitest';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive, setup } from '../actor/behaviour.ts';
import { createActorSystem } from '../node/create-actor-system.ts';
import type { RestartType } from '../actor/supervision-options.ts';
import { props } from '../cell/create-props.ts';
import { InvalidArgumentError, RestartIntensityExceededError } from '../errors.ts';
import { type Command, type Family, family } from '../testing/family.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { settle } from '../testing/settle.ts';

const three: Record<string, RestartType> = { a: 'permanent', b: 'permanent', c: 'permanent' };

describe('a supervisor', () => {
  it.each([
    ['one-for-one', ['+b2']],
    ['rest-for-one', ['-c1', '+b2', '+c2']],
    ['one-for-all', ['-c1', '-a1', '+a2', '+b2', '+c2']],
  ] as const)('with %s ends and starts, in order: %j', async (strategy, expected) => {
    const { tell, advance: pass, trace } = await family({ strategy }, three);
    await tell('b', 'fail');
    await pass(200);
    expect(trace).toEqual(['-b1', ...expected]);
  });

  it('does not restart a temporary sibling that was stopped with the others', async () => {
    const {
      tell,
      advance: pass,
      trace,
      events,
    } = await family({ strategy: 'one-for-all' }, { a: 'permanent', b: 'permanent', c: 'temporary' });
    await tell('a', 'fail');
    await pass(200);
    expect(trace).toEqual(['-a1', '-c1', '-b1', '+a2', '+b2']);
    expect(events).toContainEqual({ type: 'stopped', path: 'sup/c', reason: 'stopped' });
  });

  it('waits for its backoff, twice as long each time', async () => {
    const { tell, trace, clock } = await family({ backoffMs: 1_000, intensity: 5 }, { a: 'permanent' });
    for (const full of [1_000, 2_000, 4_000]) {
      await tell('a', 'fail');
      clock.advance(full / 2 - 1);
      await settle();
      expect(trace.at(-1)).toMatch(/^-/);
      clock.advance(full / 2 + 1);
      await settle();
      expect(trace.at(-1)).toMatch(/^\+/);
    }
  });

  it('reports each restart with its cause', async () => {
    const { tell, advance: pass, events } = await family({}, { a: 'permanent' });
    await tell('a', 'fail');
    await pass(200);
    expect(events).toEqual([
      {
        type: 'restarted',
        path: 'sup/a',
        incarnation: 2,
        cause: expect.objectContaining({ message: 'failed on demand' }),
      },
    ]);
  });

  it('fails when its intensity is exceeded; its own supervisor restarts it with new children', async () => {
    const {
      tell,
      advance: pass,
      events,
      trace,
      system,
    } = await family({ intensity: 1, backoffMs: 0 }, { a: 'permanent', b: 'permanent' });
    await tell('a', 'fail');
    await pass(10);
    await tell('a', 'fail');
    await pass(200);
    expect(events.map((event) => event.type)).toEqual([
      'restarted',
      'escalated',
      'stopped',
      'stopped',
      'restarted',
    ]);
    expect(trace).toEqual(['-a1', '+a2', '-b1', '-a2', '+a1', '+b1']);
    expect(system.inspect()).toMatchObject([
      { path: 'sup', incarnation: 2, restarts: 1, lastFailure: expect.stringContaining('sup/a') },
      { path: 'sup/a' },
      { path: 'sup/b' },
    ]);
  });

  it('parks one child of a dynamic supervisor while its siblings continue', async () => {
    const {
      tell,
      advance: pass,
      events,
      trace,
      system,
      children,
    } = await family({ dynamic: true, intensity: 1, backoffMs: 0 }, { a: 'permanent', b: 'permanent' });
    for (let i = 0; i < 2; i++) {
      await tell('a', 'fail');
      await tell('b', 'fail');
      await pass(31_000 * i);
      if (i === 0) await pass(10);
    }
    expect(events.filter((event) => event.type === 'parked').map((event) => event.path)).toEqual([
      'sup/a',
      'sup/b',
    ]);
    expect(system.inspect().map((actor) => actor.state)).toEqual(['running', 'parked', 'parked']);
    expect(trace).toEqual(['-a1', '-b1', '+a2', '+b2', '-a2', '-b2']);
    children.get('a')?.tell('ping');
    expect(events.at(-1)).toMatchObject({ type: 'dead-letter', reason: 'no-such-actor' });
  });

  it('lets a failure that no supervisor stops reach the root, which ends the system', async () => {
    const { tell, advance: pass, system } = await family({ intensity: 0 }, { a: 'permanent' }, 'permanent');
    for (let i = 0; i < 4; i++) {
      await tell('a', 'fail');
      await pass(1_500);
    }
    const cause = await system.terminated;
    expect(cause).toBeInstanceOf(RestartIntensityExceededError);
    expect((cause as RestartIntensityExceededError).child).toBe('sup');
  });

  it('kills a sibling that does not end in time and restarts the group', async () => {
    const {
      tell,
      advance: pass,
      trace,
    } = await family({ strategy: 'one-for-all', shutdownMs: 300 }, { a: 'permanent', b: 'permanent' });
    await tell('b', 'hang');
    await tell('a', 'fail');
    await pass(250);
    expect(trace).toEqual(['-a1']);
    await pass(300);
    expect(trace).toEqual(['-a1', '+a2', '+b2']);
  });

  it('takes a second failure during a group restart into the same restart', async () => {
    const {
      tell,
      advance: pass,
      trace,
    } = await family({ strategy: 'rest-for-one', backoffMs: 1_000 }, three);
    await tell('c', 'fail');
    await tell('a', 'fail');
    await pass(3_000);
    expect(trace.filter((line) => line.startsWith('+'))).toEqual(['+a2', '+b2', '+c2']);
  });

  it('does not restart a child that was stopped while it waited for its restart', async () => {
    const {
      tell,
      advance: pass,
      trace,
      children,
      system,
    } = await family({ backoffMs: 1_000 }, { a: 'permanent' });
    await tell('a', 'fail');
    await system.stop(children.get('a') as ActorRef<never>);
    await pass(3_000);
    expect(trace).toEqual(['-a1']);
    expect(system.inspect().map((actor) => actor.path)).toEqual(['sup']);
  });

  it('stops a hundred thousand children', async () => {
    const system = createActorSystem({ clock: new ManualClock() });
    const idle = props<never>(() => receive<never>(() => undefined));
    for (let i = 0; i < 100_000; i++) system.spawn(idle);
    await settle();
    await system.shutdown();
    expect(system.inspect()).toEqual([]);
  });

  it('stops with its children once a significant child has ended by itself', async () => {
    const { tell, trace, events } = await family(
      { autoShutdown: 'any-significant' },
      { a: 'permanent', b: 'transient' },
      'transient',
      ['b'],
    );
    await tell('b', 'stop');
    expect(trace).toEqual(['-b1', '-a1']);
    expect(events.at(-1)).toEqual({ type: 'stopped', path: 'sup', reason: 'stopped' });
  });

  it('refuses a permanent child as significant', async () => {
    const { events } = await family({}, { a: 'permanent' }, 'temporary', ['a']);
    expect(events).toMatchObject([{ type: 'stopped', path: 'sup', reason: 'failed' }]);
  });

  it('has no counted restarts after it was restarted itself', async () => {
    const { tell, advance: pass, events } = await family({ intensity: 1, backoffMs: 0 }, { a: 'permanent' });
    for (let i = 0; i < 3; i++) {
      await tell('a', 'fail');
      await pass(200);
    }
    expect(events.filter((event) => event.type === 'escalated')).toHaveLength(1);
  });
});

/** `a` is parked, `b` goes on. */
async function parked(): Promise<Family> {
  const one = await family({ dynamic: true, intensity: 0 }, { a: 'permanent', b: 'permanent' });
  await one.tell('a', 'fail');
  one.events.length = 0;
  one.trace.length = 0;
  return one;
}

describe('a parked child', () => {
  it('is replaced by unpark in its place, by its path alone, without counted restarts and with a new ref', async () => {
    const { system, trace, events, children, tell } = await parked();
    const old = children.get('a') as ActorRef<Command>;
    const ref = system.unpark(system.refFor<Command>('local', 'sup/a'));
    children.set('a', ref);
    await settle();
    expect(trace).toEqual(['+a1']);
    expect(events.map(({ type }) => type)).toEqual(['stopped', 'unparked']);
    expect(system.inspect().map(({ path, state }) => `${path} ${state}`)).toEqual([
      'sup running',
      'sup/a running',
      'sup/b running',
    ]);
    old.tell('ping');
    expect(events.at(-1)).toMatchObject({ type: 'dead-letter', reason: 'no-such-actor' });
    await tell('a', 'fail');
    expect(system.inspect()[1]).toMatchObject({ path: 'sup/a', state: 'parked' });
  });

  it('is replaced by unpark of its own supervisor', async () => {
    const { system, clock, children } = await parked();
    const sup = system.spawn(
      props<'back'>(
        () =>
          setup((context) => {
            const child = context.spawn(
              props<Command>(() =>
                receive(() => {
                  throw new Error('boom');
                }),
              ),
              'child',
            );
            context.watch(child);
            child.tell('fail');
            return receive(
              () => void children.set('again', context.unpark(child)),
              (signal) => {
                if (signal.type === 'terminated') context.setTimer('back', 1_000, 'back');
              },
            );
          }),
        { supervision: { dynamic: true, intensity: 0 } },
      ),
      'careful',
    );
    await settle();
    expect(system.inspect().at(-1)).toMatchObject({ path: 'careful/child', state: 'parked' });
    clock.advance(1_000);
    await settle();
    expect(system.inspect().at(-1)).toMatchObject({ path: 'careful/child', state: 'running' });
    await system.stop(sup);
  });

  it('reports its failure to a late watcher', async () => {
    const { system, children } = await parked();
    const seen: string[] = [];
    system.spawn(
      props<never>(() =>
        setup((context) => {
          context.watch(children.get('a') as ActorRef<never>);
          return receive<never>(
            () => undefined,
            (signal) => void seen.push(signal.type === 'terminated' ? signal.reason : signal.type),
          );
        }),
      ),
    );
    await settle();
    expect(seen).toEqual(['failed']);
  });

  it('is the only child that unpark accepts', async () => {
    const { system } = await parked();
    for (const path of ['sup/b', 'sup', 'nobody', '$ask'])
      expect(() => system.unpark(system.refFor('local', path))).toThrow(InvalidArgumentError);
    expect(() => system.unpark(system.refFor('elsewhere', 'sup/a'))).toThrow(InvalidArgumentError);
  });
});
