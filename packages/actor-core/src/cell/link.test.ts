import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { localSystem } from '../testing/local-system.ts';
import type { ManualClock } from '../testing/manual-clock.ts';
import { advance, settle } from '../testing/settle.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { createTestHub, createTestNode, type TestHub, type TestNode } from '../testing/test-node.ts';
import type { ActorContext } from '../actor/actor-context.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive, setup, stopped } from '../actor/behaviour.ts';
import type { Next } from '../actor/actor-context.ts';
import type { RestartType } from '../actor/supervision-options.ts';
import type { Props } from '../actor/actor-context.ts';
import { props } from './create-props.ts';
import type { RuntimeEvent } from '../actor/runtime-event.ts';

type Order = 'fail' | 'stop' | 'link' | 'unlink' | 'hang';

/** Obeys its messages; links to `other` at its start with `isLinking`, else on demand. */
function member(
  other: () => ActorRef<never>,
  { restart = 'temporary', isLinking = false }: { restart?: RestartType; isLinking?: boolean } = {},
): Props<Order> {
  const obey = (order: Order, context: ActorContext<Order>): Next<Order> | Promise<Next<Order>> => {
    if (order === 'fail') throw new Error('boom');
    if (order === 'link') return context.link(other());
    if (order === 'unlink') return context.unlink(other());
    if (order === 'hang') return new Promise<never>(() => {});
    return stopped;
  };
  return props<Order>(
    () =>
      setup((context) => {
        if (isLinking) context.link(other());
        return receive(obey);
      }),
    { restart, protocol: z.enum(['fail', 'stop', 'link', 'unlink', 'hang']) },
  );
}

const ends = (events: readonly RuntimeEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'stopped' ? [`${event.path} ${event.reason}`] : [])).toSorted();
const restarts = (events: readonly RuntimeEvent[]): string[] =>
  events
    .flatMap((event) => (event.type === 'restarted' ? [`${event.path} ${event.incarnation}`] : []))
    .toSorted();

/** `a` is linked to `b`. */
async function localPair() {
  const local = localSystem();
  const { system } = local;
  const b: ActorRef<Order> = system.spawn(
    member(() => a),
    'b',
  );
  const a: ActorRef<Order> = system.spawn(
    member(() => b, { isLinking: true }),
    'a',
  );
  await settle();
  return { ...local, a, b };
}

describe('a link', () => {
  it.each(['a', 'b'] as const)('fails the other side with %s, whichever side made it', async (who) => {
    const { events, system, [who]: first } = await localPair();
    first.tell('fail');
    await settle();
    expect(ends(events)).toEqual(['a failed', 'b failed']);
    expect(system.inspect()).toEqual([]);
  });

  it('fails the other side with a kill, while its handler awaits', async () => {
    const { events, system, a, b } = await localPair();
    b.tell('hang');
    await settle();
    system.kill(a);
    await settle();
    expect(ends(events)).toEqual(['a killed', 'b failed']);
  });

  it('is only dissolved by an end in order', async () => {
    const { events, a, b } = await localPair();
    a.tell('stop');
    await settle();
    b.tell('hang');
    await settle();
    expect(ends(events)).toEqual(['a stopped']);
  });

  it.each(['a', 'b'] as const)('is dissolved for both by %s', async (who) => {
    const { events, a, b, [who]: one } = await localPair();
    one.tell('unlink');
    await settle();
    (one === a ? b : a).tell('fail');
    await settle();
    expect(ends(events)).toHaveLength(1);
  });

  it('passes the cause on', async () => {
    const { system, clock, events } = localSystem();
    const b: ActorRef<Order> = system.spawn(
      member(() => b),
      'b',
    );
    system.spawn(
      member(() => b, { isLinking: true, restart: 'transient' }),
      'a',
    );
    await settle();
    b.tell('fail');
    await advance(clock, 200);
    expect(events.find(({ type }) => type === 'restarted')).toMatchObject({
      path: 'a',
      cause: { code: 'death-pact', path: 'b', reason: 'failed' },
    });
  });

  it('joins incarnations: both are restarted, and joined again by the actor that links in its setup', async () => {
    const { system, clock, events } = localSystem();
    const b: ActorRef<Order> = system.spawn(
      member(() => b, { restart: 'transient' }),
      'b',
    );
    const a = system.spawn(
      member(() => b, { isLinking: true, restart: 'transient' }),
      'a',
    );
    await settle();
    for (const [first, incarnation] of [
      [a, 2],
      [b, 3],
    ] as const) {
      first.tell('fail');
      // Four restarts within the period would be one too many for the root.
      await advance(clock, 31_000, 500);
      expect(restarts(events).slice(-2)).toEqual(expect.arrayContaining([`b ${incarnation}`]));
      expect(system.inspect().map((actor) => actor.incarnation)).toEqual([incarnation, incarnation]);
    }
    expect(restarts(events)).toHaveLength(4);
  });

  it('passes a failure through a chain of a thousand links', async () => {
    const { system, events } = localSystem();
    let last: ActorRef<Order> = system.spawn(member(() => last));
    const first = last;
    for (let i = 0; i < 1_000; i++) {
      const next = last;
      last = system.spawn(member(() => next, { isLinking: true }));
    }
    await settle();
    first.tell('fail');
    await waitUntil('all have failed', () => ends(events).length === 1_001);
  });

  it('to an actor that has ended fails at once, unless the actor ended in order', async () => {
    const { system, events } = localSystem();
    const gone = async (order: Order) => {
      const ref: ActorRef<Order> = system.spawn(member(() => ref));
      ref.tell(order);
      await settle();
      return ref;
    };
    const [stoppedOne, failedOne] = [await gone('stop'), await gone('fail')];
    events.length = 0;
    system.spawn(
      member(() => stoppedOne, { isLinking: true }),
      'of-stopped',
    );
    system.spawn(
      member(() => failedOne, { isLinking: true }),
      'of-failed',
    );
    system.spawn(
      member(() => system.refFor('n1', 'nobody'), { isLinking: true }),
      'of-nobody',
    );
    system.spawn(
      member(() => system.refFor('far', 'away'), { isLinking: true }),
      'of-far',
    );
    await settle();
    expect(ends(events)).toEqual(['of-failed failed', 'of-far failed', 'of-nobody failed']);
  });

  it('to itself has no effect', async () => {
    const { system, events } = localSystem();
    const self: ActorRef<Order> = system.spawn(
      member(() => self, { isLinking: true }),
      'self',
    );
    await settle();
    expect(ends(events)).toEqual([]);
  });
});

interface Pair {
  readonly hub: TestHub<ManualClock>;
  readonly near: TestNode;
  readonly far: TestNode;
  readonly a: ActorRef<Order>;
  readonly b: ActorRef<Order>;
  readonly nearEvents: RuntimeEvent[];
  readonly farEvents: RuntimeEvent[];
  readonly pass: (ms: number) => Promise<void>;
}

/** `a` of near is linked to `b` of far. */
async function remotePair(restart: RestartType = 'temporary'): Promise<Pair> {
  const hub = createTestHub();
  const [near, far] = [createTestNode(hub, { nodeId: 'near' }), createTestNode(hub, { nodeId: 'far' })];
  const nearEvents: RuntimeEvent[] = [];
  const farEvents: RuntimeEvent[] = [];
  near.system.onEvent((event) => void nearEvents.push(event));
  far.system.onEvent((event) => void farEvents.push(event));
  const pass = (ms: number) => advance(hub.clock, ms);
  await pass(1_500);
  const toNear = far.system.refFor<Order>('near', 'a');
  const b = far.system.spawn(
    member(() => toNear as ActorRef<never>, { restart }),
    'b',
  );
  const remote = near.system.refFor<Order>('far', 'b');
  const a = near.system.spawn(
    member(() => remote as ActorRef<never>, { isLinking: true, restart }),
    'a',
  );
  await pass(1_500);
  return { hub, near, far, a, b, nearEvents, farEvents, pass };
}

describe('a link between nodes', () => {
  it.each(['a', 'b'] as const)('fails the other side with %s, whichever side made it', async (who) => {
    const { pass, nearEvents, farEvents, [who]: first } = await remotePair();
    first.tell('fail');
    await pass(200);
    expect([...ends(nearEvents), ...ends(farEvents)]).toEqual(['a failed', 'b failed']);
  });

  it('joins incarnations: both are restarted, and joined again', async () => {
    const { pass, near, far, a, b } = await remotePair('transient');
    a.tell('fail');
    await pass(8_000);
    b.tell('fail');
    await pass(8_000);
    expect([near, far].map(({ system }) => system.inspect()[0]?.incarnation)).toEqual([3, 3]);
  });

  it.each(['a', 'b'] as const)('is only dissolved when %s ends in order', async (who) => {
    const { pass, nearEvents, farEvents, [who]: first } = await remotePair();
    first.tell('stop');
    await pass(8_000);
    expect([...ends(nearEvents), ...ends(farEvents)]).toEqual([`${who} stopped`]);
  });

  it.each(['a', 'b'] as const)('is dissolved for both by %s', async (who) => {
    const { pass, nearEvents, farEvents, a, b, [who]: one } = await remotePair();
    one.tell('unlink');
    await pass(8_000);
    (one === a ? b : a).tell('fail');
    await pass(8_000);
    expect([...ends(nearEvents), ...ends(farEvents)]).toHaveLength(1);
  });

  it.each(['near', 'far'] as const)('ends with the node %s, for the other side', async (who) => {
    const one = await remotePair();
    one[who].crash();
    await one.pass(10_000);
    const left = who === 'near' ? one.farEvents : one.nearEvents;
    expect(ends(left)).toEqual([who === 'near' ? 'b failed' : 'a failed']);
  });

  it.each(['a', 'b'] as const)('passes a failure of %s on even when its notice is lost', async (who) => {
    const one = await remotePair('transient');
    const deaf = who === 'a' ? one.near : one.far;
    one.hub.bus.fault = ({ from }) => (from === deaf.nodeId ? 'drop' : 'deliver');
    one[who].tell('fail');
    await one.pass(400);
    one.hub.bus.fault = undefined;
    await one.pass(12_000);
    const other = who === 'a' ? one.far : one.near;
    expect(other.system.inspect()[0]?.restarts).toBeGreaterThanOrEqual(1);
  });

  it('to an actor that does not exist fails', async () => {
    const { pass, near, nearEvents } = await remotePair();
    const nobody = near.system.refFor<never>('far', 'nobody');
    near.system.spawn(
      member(() => nobody, { isLinking: true }),
      'c',
    );
    await pass(200);
    expect(ends(nearEvents)).toEqual(['c failed']);
  });
});
