import { describe, expect, it } from 'vitest';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive, setup } from '../actor/behaviour.ts';
import type { ActorSystem } from '../actor/actor-system.ts';
import { createActorSystem } from '../node/create-actor-system.ts';
import type { Props } from '../actor/actor-context.ts';
import { props } from '../cell/create-props.ts';
import type { RuntimeEvent } from '../actor/runtime-event.ts';
import { waitUntil } from '../testing/wait-until.ts';
import type { Crunch } from './crunch.fixture.ts';
import { workerProps } from './worker-props.ts';

interface Setup {
  readonly system: ActorSystem;
  readonly ref: ActorRef<Crunch>;
  readonly events: RuntimeEvent[];
  readonly spins: Int32Array;
  readonly add: (amount: number) => Promise<number>;
}

function start(options: Omit<Props<Crunch>, 'create'> = {}): Setup {
  const spins = new Int32Array(new SharedArrayBuffer(4));
  const system = createActorSystem();
  const events: RuntimeEvent[] = [];
  system.onEvent((event) => void events.push(event));
  const module = new URL('./crunch.fixture.ts', import.meta.url);
  const ref = system.spawn(workerProps<Crunch>({ module, exportName: 'crunch', data: spins }, options), 'it');
  const add = (amount: number) =>
    system.ask<Crunch, number>(ref, (replyTo) => ({ do: 'add', amount, replyTo }), { timeoutMs: 8_000 });
  return { system, ref, events, spins, add };
}

const restarted = ({ type }: RuntimeEvent): boolean => type === 'restarted';

describe('an actor in a worker', () => {
  it('keeps state in its thread and answers through refs', async () => {
    const { system, add } = start();
    expect([await add(2), await add(40)]).toEqual([2, 42]);
    await system.shutdown();
  });

  it('is stopped in the middle of an endless loop by a kill, and restarted in a fresh thread', async () => {
    const { system, ref, spins, add, events } = start();
    await add(1);
    ref.tell({ do: 'spin' });
    await waitUntil('spinning', () => Atomics.load(spins, 0) > 0);
    system.kill(ref);
    await waitUntil('restarted', () => events.some(restarted));
    expect(await add(5)).toBe(5);
    let seen = -1;
    // A loop that was still running would have counted between two checks.
    await waitUntil('the loop has stopped', () => seen === (seen = Atomics.load(spins, 0)));
    expect(await add(5)).toBe(10);
    expect(Atomics.load(spins, 0)).toBe(seen);
    await system.shutdown();
  });

  it.each([
    ['a throw', 'fail', 'RangeError: asked to'],
    ['the end of its thread', 'exit', 'Error: the worker of it exited with 3'],
    ['the end of its thread while it is idle', 'slip-away', 'Error: the worker of it exited with 4'],
    ['an unhandled rejection', 'stray', 'RangeError: handled by nobody'],
  ] as const)('fails by %s, and its supervisor restarts it', async (_title, what, cause) => {
    const { system, ref, add, events } = start();
    await add(1);
    ref.tell({ do: what });
    await waitUntil('restarted', () => events.some(restarted));
    expect(await add(3)).toBe(3);
    expect(system.inspect()[0]).toMatchObject({ restarts: 1, lastFailure: cause });
    await system.shutdown();
  });

  it('stops when its handler returns stopped', async () => {
    const { system, ref, events } = start();
    ref.tell({ do: 'bye' });
    await waitUntil('stopped', () => events.some(({ type }) => type === 'stopped'));
    expect(system.inspect()).toEqual([]);
    await system.shutdown();
  });

  it('fails when its module exports no such recipe', async () => {
    const system = createActorSystem();
    const module = new URL('./crunch.fixture.ts', import.meta.url);
    system.spawn(workerProps({ module, exportName: 'nothing' }, { restart: 'temporary' }), 'it');
    const events: RuntimeEvent[] = [];
    system.onEvent((event) => void events.push(event));
    await waitUntil('ended', () => events.length > 0);
    expect(events).toMatchObject([{ type: 'stopped', reason: 'failed' }]);
    await system.shutdown();
  });

  it.each(['mute', 'spin'] as const)(
    'ends a thread that is %s when its stop takes too long',
    async (what) => {
      const { system, events, spins } = start();
      const module = new URL('./crunch.fixture.ts', import.meta.url);
      let child: ActorRef<Crunch> | undefined;
      const parent = system.spawn(
        props<never>(
          () =>
            setup((context) => {
              child = context.spawn(workerProps<Crunch>({ module, exportName: 'crunch', data: spins }), 'it');
              return receive<never>(() => undefined);
            }),
          { supervision: { shutdownMs: 100 } },
        ),
        'parent',
      );
      await waitUntil('it is there', () => child !== undefined);
      await system.ask<Crunch, number>(
        child as ActorRef<Crunch>,
        (replyTo) => ({ do: 'add', amount: 1, replyTo }),
        { timeoutMs: 8_000 },
      );
      child?.tell({ do: what });
      if (what === 'spin') await waitUntil('spinning', () => Atomics.load(spins, 0) > 0);
      await waitUntil('it is in hand', () => system.inspect().some(({ processed }) => processed === 2));
      await system.stop(parent);
      expect(events).toContainEqual({ type: 'stopped', path: 'parent/it', reason: 'killed' });
      let seen = -1;
      await waitUntil('the loop has stopped', () => seen === (seen = Atomics.load(spins, 0)));
      await system.shutdown();
    },
  );

  it('keeps the waiting messages of its mailbox when its thread ends', async () => {
    const { system, ref, add } = start();
    await add(1);
    ref.tell({ do: 'exit' });
    expect(await Promise.all([add(3), add(4)])).toEqual([3, 7]);
    await system.shutdown();
  });

  it('fails at a message that cannot be copied, and continues with the next', async () => {
    const { system, ref, add, events } = start();
    await add(1);
    ref.tell({ do: 'add', amount: Symbol('no number') as never, replyTo: ref as never });
    ref.tell({ do: 'fail' });
    await waitUntil('restarted', () => events.some(restarted));
    expect(await add(3)).toBe(3);
    await system.shutdown();
  });
});
