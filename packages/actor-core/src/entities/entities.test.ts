import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive, same, stopped } from '../actor/behaviour.ts';
import { EntityUnavailableError } from '../errors.ts';
import { actorRefSchema } from '../remoting/actor-ref-schema.ts';
import type { SimulatedNode } from '../testing/simulated-node.ts';
import { Simulation } from '../testing/simulation.ts';
import { defineEntity, type EntityDefinition } from './entity-definition.ts';
import { type Entities, startEntities } from './start-entities.ts';
import { startSingleton } from './start-singleton.ts';

/** An account that writes each addition to its journal before it answers. */
type Message =
  | { readonly kind: 'add'; readonly amount: number; readonly replyTo: ActorRef<Balance> }
  | { readonly kind: 'start' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'fail' };
interface Balance {
  readonly balance: number;
  readonly node: string;
  readonly activation: number;
  readonly isHandedOver: boolean;
}

const protocol = z.union([
  z.object({ kind: z.literal('add'), amount: z.number(), replyTo: actorRefSchema<Balance>() }),
  z.object({ kind: z.literal('start') }),
  z.object({ kind: z.literal('stop') }),
  z.object({ kind: z.literal('fail') }),
]);

function accounts(node: () => string, options: Partial<EntityDefinition<Message>> = {}) {
  return defineEntity<Message>({
    type: 'account',
    protocol,
    behaviour: (entity) => {
      let balance = 0;
      return receive(async (message) => {
        if (message.kind === 'start') return same;
        if (message.kind === 'stop') return stopped;
        if (message.kind === 'fail') throw new Error('failed on purpose');
        balance += message.amount;
        const payload = new TextEncoder().encode(String(message.amount));
        const outcome = await entity.write({ subject: entity.subject('journal'), payload });
        if (outcome.kind === 'written')
          message.replyTo.tell({
            balance,
            node: node(),
            activation: entity.activation,
            isHandedOver: entity.isHandedOver,
          });
        return same;
      });
    },
    ...options,
  });
}

function setup(options: Partial<EntityDefinition<Message>> = {}) {
  const simulation = new Simulation(1);
  const kinds = new Map<SimulatedNode, ReturnType<typeof accounts>>();
  const started = new Map<SimulatedNode, Entities>();
  const start = (name: string, wallOffsetMs = 0) => {
    const node = simulation.startNode(name, { skew: { wallOffsetMs } });
    const kind = accounts(() => name, options);
    kinds.set(node, kind);
    started.set(node, startEntities(node, { types: [kind], config: { stableMs: 1_000, rebalanceMs: 500 } }));
    return node;
  };
  const refOf = (node: SimulatedNode, key: string) =>
    (started.get(node) as Entities).ref(kinds.get(node) as ReturnType<typeof accounts>, key);
  const add = async (node: SimulatedNode, key: string, amount: number): Promise<Balance> => {
    const answer = refOf(node, key).ask<Balance>((replyTo) => ({ kind: 'add', amount, replyTo }), {
      timeoutMs: 20_000,
    });
    const results: (Balance | Error)[] = [];
    answer.then(
      (value) => results.push(value),
      (error: unknown) => results.push(error as Error),
    );
    for (let i = 0; i < 400 && results.length === 0; i++) await simulation.run(50);
    const [result] = results;
    if (result instanceof Error) throw result;
    return result as Balance;
  };
  const active = (node: SimulatedNode) =>
    (started.get(node) as Entities).active(kinds.get(node) as ReturnType<typeof accounts>);
  return { simulation, start, refOf, add, active, started, kinds };
}

const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);

describe('entities', () => {
  it('activates an entity on one node, whichever node sends to it', async () => {
    const { simulation, start, add } = setup();
    const nodes = ['n0', 'n1', 'n2'].map(start);
    await simulation.run(2_000);
    const used = new Set<string>();
    for (const key of keys) {
      const places = new Set<string>();
      for (const [index, node] of nodes.entries()) {
        const { balance, node: place } = await add(node, key, 1);
        expect(balance).toBe(index + 1);
        places.add(place);
      }
      expect(places.size).toBe(1);
      for (const place of places) used.add(place);
    }
    expect(used.size).toBe(3);
  });

  it('moves the remembered entities of a node that drains, also those that a full store kept it from giving up', async () => {
    const { simulation, start, add, active, started } = setup({ remember: true });
    const [n0, n1] = [start('n0'), start('n1')];
    await simulation.run(2_000);
    for (const key of keys) await add(n0, key, 1);
    simulation.store.full(20_000);
    void started.get(n0)?.drain();
    await simulation.run(90_000);
    expect([active(n0), active(n1).length]).toEqual([[], keys.length]);
  });

  it('ends an activation that was replaced in a log that was made anew and counts lower', async () => {
    const { simulation, start, add, active, refOf } = setup({ rebalance: false });
    // The first log begins with the clock of a node that is a day ahead.
    const n0 = start('n0', 86_400_000);
    await simulation.run(2_000);
    for (const key of keys) await add(n0, key, 1);
    const n1 = start('n1');
    await simulation.run(5_000);
    simulation.wipe();
    // n1 makes the log anew, and takes the entities that the placement names it for.
    n0.pause(3_000);
    for (const key of keys) refOf(n1, key).tell({ kind: 'start' });
    await simulation.run(2_500);
    expect(active(n1).length).toBeGreaterThan(0);
    await simulation.run(100_000);
    expect(active(n0).filter((key) => active(n1).includes(key))).toEqual([]);
  });

  it('moves entities to members that join, with the messages that come meanwhile', async () => {
    const { simulation, start, add, active } = setup();
    const first = start('n0');
    await simulation.run(1_000);
    for (const key of keys) await add(first, key, 1);
    const second = start('n1');
    await simulation.run(20_000);
    expect(active(first).length).toBeGreaterThan(5);
    expect(active(second).length).toBeGreaterThan(5);
    expect(new Set([...active(first), ...active(second)]).size).toBe(keys.length);
    expect(active(first).length + active(second).length).toBe(keys.length);
    for (const key of keys) expect(await add(second, key, 1)).toMatchObject({ balance: expect.any(Number) });
  });

  it('takes the entities of a node that crashed', async () => {
    const { simulation, start, add } = setup();
    const nodes = ['n0', 'n1'].map(start);
    await simulation.run(2_000);
    const before = new Set<string>();
    for (const key of keys.slice(0, 24)) before.add((await add(nodes[0] as SimulatedNode, key, 1)).node);
    expect(before.size).toBe(2);
    nodes[1]?.crash();
    await simulation.run(10_000);
    for (const key of keys.slice(0, 24)) {
      const { node, activation, isHandedOver } = await add(nodes[0] as SimulatedNode, key, 1);
      expect([node, isHandedOver]).toEqual(['n0', false]);
      expect(activation).toBeLessThanOrEqual(2);
    }
  });

  it('passivates idle entities and activates them again', async () => {
    const { simulation, start, add, active } = setup({ passivateAfterMs: 5_000 });
    const node = start('n0');
    await simulation.run(1_000);
    expect(await add(node, 'a', 1)).toMatchObject({ activation: 1, isHandedOver: false });
    await simulation.run(7_000);
    expect(active(node)).toEqual([]);
    expect(await add(node, 'a', 1)).toMatchObject({ balance: 1, activation: 2, isHandedOver: true });
  });

  it('keeps no more entities than its limit', async () => {
    const { simulation, start, add, active } = setup({ maxResident: 10 });
    const node = start('n0');
    await simulation.run(1_000);
    for (const key of keys) await add(node, key, 1);
    await simulation.run(2_000);
    expect(active(node).length).toBeLessThanOrEqual(10);
    expect(active(node)).toContain(keys.at(-1));
  });

  it('drains: every entity moves, and its messages follow', async () => {
    const { simulation, start, add, active, started, refOf } = setup();
    const [first, second] = ['n0', 'n1'].map(start) as [SimulatedNode, SimulatedNode];
    await simulation.run(2_000);
    for (const key of keys) await add(first, key, 1);
    let drained = false;
    void (started.get(first) as Entities).drain().then(() => (drained = true));
    await simulation.run(60);
    const answers = keys.map((key) =>
      refOf(first, key).ask<Balance>((replyTo) => ({ kind: 'add', amount: 1, replyTo }), {
        timeoutMs: 9_000,
      }),
    );
    const settled = Promise.all(answers);
    await simulation.run(10_000);
    expect((await settled).every(({ node }) => node === 'n1')).toBe(true);
    expect(drained).toBe(true);
    expect(active(second).length).toBe(keys.length);
  });

  it('refuses a question in time while no member may hold the entity', async () => {
    const { simulation, start, add } = setup({ role: 'gateway', activationTimeoutMs: 2_000 });
    const node = start('n0');
    await simulation.run(1_000);
    await expect(add(node, 'a', 1)).rejects.toThrow(EntityUnavailableError);
  });

  it('activates an entity again that stopped itself or failed too often', async () => {
    const { simulation, start, add, refOf } = setup({ supervision: { intensity: 0 } });
    const node = start('n0');
    await simulation.run(1_000);
    await add(node, 'a', 1);
    refOf(node, 'a').tell({ kind: 'stop' });
    expect(await add(node, 'a', 1)).toMatchObject({ activation: 2, balance: 1 });
    refOf(node, 'a').tell({ kind: 'fail' });
    expect(await add(node, 'a', 1)).toMatchObject({ activation: 3, balance: 1 });
  });

  it('removes an entity with its records', async () => {
    const { simulation, start, add, started, kinds } = setup();
    const [first, second] = ['n0', 'n1'].map(start) as [SimulatedNode, SimulatedNode];
    await simulation.run(2_000);
    for (const key of ['a', 'b', 'c', 'd']) {
      await add(first, key, 1);
      const removal = (started.get(second) as Entities).remove(
        kinds.get(second) as ReturnType<typeof accounts>,
        key,
      );
      await simulation.run(5_000);
      await removal;
    }
    const left = [0, 1, 2, 3].flatMap((shard) =>
      simulation.hub.logs.stream(`ENT_test_${shard}`).lastUnder('*.*.ent.*.account.>'),
    );
    expect(left).toEqual([]);
  });

  it('restarts remembered entities elsewhere without a message', async () => {
    const { simulation, start, add, active } = setup({ remember: true });
    const [first, second] = ['n0', 'n1'].map(start) as [SimulatedNode, SimulatedNode];
    await simulation.run(2_000);
    for (const key of keys) await add(first, key, 1);
    second.crash();
    await simulation.run(15_000);
    expect(active(first).length).toBe(keys.length);
  });
});

describe('a singleton', () => {
  it('runs on one member, and another one takes it over', async () => {
    const simulation = new Simulation(2);
    const running = new Set<string>();
    const start = (name: string) => {
      const node = simulation.startNode(name);
      startSingleton<never>(node, {
        name: 'boss',
        protocol: z.never(),
        behaviour: ({ signal }) => {
          running.add(name);
          signal.addEventListener('abort', () => running.delete(name), { once: true });
          return receive(() => undefined);
        },
      });
      return node;
    };
    const nodes = ['n0', 'n1', 'n2'].map(start);
    await simulation.run(15_000);
    expect(running.size).toBe(1);
    const [holder] = running;
    nodes.find(({ nodeId }) => nodeId === holder)?.crash();
    running.clear();
    await simulation.run(20_000);
    expect(running.size).toBe(1);
    expect([...running][0]).not.toBe(holder);
  });
});
