import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive, stopped } from '../actor/behaviour.ts';
import type { Props } from '../actor/actor-context.ts';
import { props } from '../cell/create-props.ts';
import { tableSizes } from '../system/local-system.ts';
import { actorRefSchema } from '../remoting/actor-ref-schema.ts';
import { type LocalSystem, localSystem } from '../testing/local-system.ts';
import { advance, settle } from '../testing/settle.ts';
import { createTestHub, createTestNode } from '../testing/test-node.ts';
import { pool, type PoolOptions, type PoolResize, resizePool } from './pool.ts';
import { broadcast, consistentHash } from './strategy.ts';

interface Job {
  readonly key: string;
  readonly replyTo?: ActorRef<string> | undefined;
}
const protocol: z.ZodType<Job> = z.object({ key: z.string(), replyTo: actorRefSchema<string>().optional() });

interface Setup extends LocalSystem {
  /** Messages that each worker received, by path. */
  readonly told: Map<string, string[]>;
  readonly gates: Map<string, () => void>;
  readonly ref: ActorRef<Job | PoolResize>;
}

/** A worker answers with its path; `hold` waits for its gate, `fail` fails, `stop` stops. */
function worker(told: Map<string, string[]>, gates: Map<string, () => void>): Props<Job> {
  return props<Job>(
    () =>
      receive(({ key, replyTo }, { path }) => {
        told.set(path, [...(told.get(path) ?? []), key]);
        if (key === 'fail') throw new Error('as told');
        if (key === 'stop') return stopped;
        if (key.startsWith('hold')) return new Promise<void>((resolve) => gates.set(path, resolve));
        replyTo?.tell(path);
        return undefined;
      }),
    { protocol },
  );
}

function setup(options: PoolOptions<Job>): Setup {
  const local = localSystem();
  const told = new Map<string, string[]>();
  const gates = new Map<string, () => void>();
  const ref = local.system.spawn(pool(worker(told, gates), options), 'pool');
  return { ...local, told, gates, ref };
}

const counts = ({ told }: Setup) => [...told.values()].map((jobs) => jobs.length);
const workers = ({ system }: Setup) =>
  system.inspect().filter(({ path, state }) => path.startsWith('pool/') && state !== 'parked').length;
const asks = (one: Setup, key: string) =>
  one.system.ask<Job | PoolResize, string>(one.ref, (replyTo) => ({ key, replyTo }), { timeoutMs: 1_000 });

const make = (replyTo: ActorRef<string>) => ({ key: 'x', replyTo });

describe('a pool', () => {
  it('starts its workers and distributes messages to them, round robin by default', async () => {
    const even = setup({ size: 3 });
    for (let n = 0; n < 30; n++) even.ref.tell({ key: `${n}` });
    await settle();
    expect(counts(even)).toEqual([10, 10, 10]);
    const all = setup({ size: 3, strategy: broadcast });
    all.ref.tell({ key: 'x' });
    await settle();
    expect(counts(all)).toEqual([1, 1, 1]);
    const keyed = setup({ size: 3, strategy: () => consistentHash(({ key }) => key) });
    const first = await asks(keyed, 'k');
    for (let n = 0; n < 5; n++) expect(await asks(keyed, 'k')).toBe(first);
  });

  it('restarts a worker that failed or stopped, and uses the other workers meanwhile', async () => {
    const one = setup({ size: 2 });
    one.ref.tell({ key: 'fail' });
    one.ref.tell({ key: 'stop' });
    await settle();
    await advance(one.clock, 1_000, 100);
    expect(workers(one)).toBe(2);
    expect(new Set([await asks(one, 'a'), await asks(one, 'b')]).size).toBe(2);
  });

  it('skips a parked worker, and refuses at once when all are parked', async () => {
    const one = setup({ size: 2, supervision: { dynamic: true, intensity: 0 } });
    one.ref.tell({ key: 'fail' });
    await settle();
    expect(new Set([await asks(one, 'a'), await asks(one, 'b')]).size).toBe(1);
    one.ref.tell({ key: 'fail' });
    await settle();
    await expect(asks(one, 'c')).rejects.toMatchObject({ code: 'message-refused', reason: 'no-targets' });
    expect(one.system.counters().deadLetters['no-targets']).toBe(1);
  });

  it('grows at once, and shrinks by stopping workers that first finish their messages', async () => {
    const one = setup({ size: 2 });
    one.ref.tell(resizePool(4));
    await settle();
    expect(workers(one)).toBe(4);
    for (let n = 0; n < 8; n++) one.ref.tell({ key: `hold-${n}` });
    await settle();
    one.ref.tell(resizePool(1));
    one.ref.tell({ key: 'last' });
    await advance(one.clock, 100, 20);
    expect(workers(one)).toBe(4);
    for (let n = 0; n < 3; n++) {
      for (const open of one.gates.values()) open();
      await advance(one.clock, 40, 20);
    }
    expect(workers(one)).toBe(1);
    expect([...one.told.values()].flat().length).toBe(9);
    expect(one.system.counters().deadLetters['no-such-actor']).toBe(0);
    expect(tableSizes(one.system).timers).toBe(0);
  });

  it('passes the deadline of a question on: a worker does not handle an expired one', async () => {
    const one = setup({ size: 1 });
    one.ref.tell({ key: 'hold' });
    const asked = asks(one, 'late').catch((error: Error & { code: string }) => error.code);
    await advance(one.clock, 1_000, 100);
    expect(await asked).toBe('request-timeout');
    for (const open of one.gates.values()) open();
    await settle();
    expect([...one.told.values()].flat()).toEqual(['hold']);
    expect(one.system.counters().deadLetters.expired).toBe(1);
  });

  it('accepts messages of its workers’ protocol from other nodes, but no resizing', async () => {
    const hub = createTestHub();
    const [near, far] = [createTestNode(hub, { nodeId: 'near' }), createTestNode(hub, { nodeId: 'far' })];
    await settle();
    far.system.spawn(pool(worker(new Map(), new Map()), { size: 2 }), 'pool');
    const ref = near.system.refFor<unknown>('far', 'pool');
    expect(await near.system.ask(ref, make, { timeoutMs: 100 })).toMatch('pool/');
    ref.tell({ size: 1 });
    await settle();
    expect(far.system.counters().deadLetters['protocol-mismatch']).toBe(1);
  });

  it.each([0, 1.5, 10_001])('refuses the size %s', (size) => {
    expect(() => pool(worker(new Map(), new Map()), { size })).toThrow('size');
    expect(() => resizePool(size)).toThrow('size');
  });
});
