import { expect, it } from 'vitest';
import { z } from 'zod';
import type { ActorAddress, ActorRef } from './actor/actor-ref.ts';
import { receive, setup, stopped } from './actor/behaviour.ts';
import { type Props, props } from './actor/props.ts';
import type { Runtime } from './actor/runtime.ts';
import type { RuntimeEvent } from './actor/runtime-event.ts';
import { DroverError } from './errors.ts';
import { actorRefSchema } from './remoting/actor-ref-schema.ts';
import type { SupervisionOptions } from './supervision/supervision-options.ts';
import { Simulation } from './testing/simulation.ts';
import { createTestNode, type TestNode } from './testing/test-node.ts';

/**
 * Five nodes with supervised workers; clients ask, break, stop and watch workers of any node while frames are
 * dropped, doubled and delayed, nodes are cut off, crash and come back. Whatever the seed:
 *
 * 1. every question is settled by its deadline, with its own answer or an error of ours;
 * 2. every watch is told at most once, and is told once its actor is gone;
 * 3. no mailbox exceeds its bound, and no supervisor its intensity;
 * 4. after the faults everybody sees everybody who lives, and everything answers.
 */
const seeds = Number(process.env['DROVER_SIM_SEEDS'] ?? 25);
const firstSeed = Number(process.env['DROVER_SIM_SEED'] ?? 1);

type Work = {
  readonly do: 'echo' | 'fail' | 'stop';
  readonly value: number;
  readonly replyTo?: ActorRef<number> | undefined;
};
const work: z.ZodType<Work> = z.object({
  do: z.enum(['echo', 'fail', 'stop']),
  value: z.number(),
  replyTo: actorRefSchema<number>().optional(),
});

const names = ['n0', 'n1', 'n2', 'n3', 'n4'] as const;
const workers = ['w0', 'w1', 'w2'] as const;
const askTimeoutMs = 2_000;
const capacity = 20;
const intensity = 2;
const periodMs = 10_000;

interface Watched {
  /** One life of one actor on one life of its node. */
  readonly address: ActorAddress;
  readonly watcher: TestNode;
  told: number;
}

interface Totals {
  restarts: number;
  escalations: number;
  deadLetters: number;
  nodeDowns: number;
  answered: number;
  refused: number;
  badFrames: number;
}

const worker = props<Work>(
  () =>
    receive((message) => {
      if (message.do === 'fail') throw new Error('asked to');
      if (message.do === 'stop') return stopped;
      message.replyTo?.tell(message.value);
      return undefined;
    }),
  { protocol: work, restart: 'permanent', mailbox: { capacity } },
);

/** Starts `children` and supervises them. */
function supervisor(children: Record<string, Props<never>>, supervision: SupervisionOptions): Props<never> {
  const create = () =>
    setup<never>((context) => {
      for (const [name, child] of Object.entries(children)) context.spawn(child, name);
      return receive<never>(() => undefined);
    });
  return props<never>(create, { supervision });
}

/** A pool of workers that may give up as often as it likes. */
function guard(strategy: 'one-for-one' | 'one-for-all' | 'rest-for-one'): Props<never> {
  const children = Object.fromEntries(workers.map((name) => [name, worker as unknown as Props<never>]));
  const pool = supervisor(children, { intensity, periodMs, strategy });
  return supervisor({ pool }, { intensity: 1_000, backoffMaxMs: 500 });
}

class Scenario {
  readonly simulation: Simulation;
  readonly totals: Totals = {
    restarts: 0,
    escalations: 0,
    deadLetters: 0,
    nodeDowns: 0,
    answered: 0,
    refused: 0,
    badFrames: 0,
  };
  private readonly nodes = new Map<string, TestNode>();
  private readonly lives = new Map<string, number>();
  private readonly watched: Watched[] = [];
  private readonly restartsOf = new Map<string, Set<number>>();
  private readonly broken: string[] = [];
  private open = 0;
  private values = 0;

  constructor(seed: number) {
    this.simulation = new Simulation(seed);
    for (const name of names) this.startNode(name);
  }

  async play(): Promise<void> {
    const { simulation } = this;
    await simulation.run(1_000);
    for (let step = 0; step < 300; step++) {
      this.act();
      await simulation.run(simulation.random.next() * 400);
      this.checkBounds();
    }
    simulation.heal();
    simulation.hub.bus.reconnectAll();
    for (const name of names) if (!this.nodes.has(name)) this.startNode(name);
    await simulation.run(30_000);
    await this.checkConverged();
  }

  private pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.simulation.random.next() * from.length)] as T;
  }

  private act(): void {
    const { simulation } = this;
    const chance = simulation.random.next();
    const node = this.nodes.get(this.pick(names));
    if (node === undefined) return;
    const target = node.system.refFor<Work>(this.pick(names), `guard/pool/${this.pick(workers)}`);
    if (chance < 0.5) this.ask(node, target);
    else if (chance < 0.62) target.tell({ do: 'fail', value: 0 });
    else if (chance < 0.68) target.tell({ do: 'stop', value: 0 });
    else if (chance < 0.82) this.watch(node);
    else if (chance < 0.86)
      simulation.faults = {
        drop: simulation.random.next() * 0.3,
        duplicate: 0.05,
        delay: simulation.random.next() * 0.2,
      };
    else if (chance < 0.89) simulation.cut(this.pick(names), this.pick(names));
    else if (chance < 0.92) simulation.heal();
    else if (chance < 0.94) node.transport.disconnect();
    else if (chance < 0.97) for (const other of this.nodes.values()) other.transport.reconnect();
    else this.crashOrStart(this.pick(names));
  }

  private ask(node: TestNode, target: ActorRef<Work>): void {
    const value = ++this.values;
    const { clock } = this.simulation;
    const deadline = clock.now() + askTimeoutMs;
    this.open++;
    const settled = (outcome: string) => {
      this.open--;
      this.check(clock.now() <= deadline, `question ${value} was settled after its deadline`);
      this.simulation.note(`ask ${value}: ${outcome}`);
    };
    node.system
      .ask<Work, number>(target, (replyTo) => ({ do: 'echo', value, replyTo }), { timeoutMs: askTimeoutMs })
      .then(
        (answer) => {
          this.check(answer === value, `question ${value} got the answer ${answer}`);
          this.totals.answered++;
          return settled('answered');
        },
        (error: unknown) => {
          this.check(error instanceof DroverError, `question ${value} failed with ${String(error)}`);
          this.totals.refused++;
          settled((error as DroverError).code);
        },
      );
  }

  /** Watches one present life of a worker, by a ref that names exactly that one. */
  private watch(node: TestNode): void {
    const home = this.nodes.get(this.pick(names));
    const path = `guard/pool/${this.pick(workers)}`;
    const actor = home?.system.inspect().find((one) => one.path === path);
    if (home === undefined || actor === undefined) return;
    const address = { node: home.nodeId, nodeIncarnation: home.incarnation, path, uid: actor.uid };
    const entry: Watched = { address, watcher: node, told: 0 };
    this.watched.push(entry);
    node.system
      .spawn(
        props<ActorRef<never>>(() =>
          setup((context) =>
            receive(
              (target) => context.watch(target),
              (signal) => {
                if (signal.type !== 'terminated') return;
                entry.told++;
                if (signal.reason === 'node-down') this.totals.nodeDowns++;
                this.simulation.note(`told ${node.nodeId} of ${address.node}/${path}: ${signal.reason}`);
              },
            ),
          ),
        ),
      )
      .tell((node.system as Runtime).resolveRef(address));
  }

  private crashOrStart(name: string): void {
    const node = this.nodes.get(name);
    if (node === undefined) return this.startNode(name);
    node.crash();
    this.nodes.delete(name);
    this.simulation.note(`crash ${name}`);
  }

  private startNode(name: string): void {
    const incarnation = (this.lives.get(name) ?? 0) + 1;
    this.lives.set(name, incarnation);
    const node = createTestNode(this.simulation.hub, { nodeId: name, incarnation });
    this.nodes.set(name, node);
    node.system.onEvent((event) => this.count(node, event));
    const strategy = this.pick(['one-for-one', 'one-for-all', 'rest-for-one'] as const);
    node.system.spawn(guard(strategy), 'guard');
  }

  private count(node: TestNode, event: RuntimeEvent): void {
    const { totals } = this;
    if (event.type === 'dead-letter') totals.deadLetters++;
    if (event.type === 'bad-frame') totals.badFrames++;
    if (event.type === 'escalated') totals.escalations++;
    if (event.type !== 'restarted') return;
    totals.restarts++;
    const pool = `${node.nodeId}#${node.incarnation}`;
    if (event.path === 'guard/pool') this.restartsOf.delete(pool);
    if (!event.path.startsWith('guard/pool/')) return;
    // A group that restarts together is one restart.
    const now = this.simulation.clock.now();
    const instants = new Set(this.restartsOf.get(pool) ?? []).add(now);
    this.restartsOf.set(pool, instants);
    const backoffSlackMs = 500;
    const recent = [...instants].filter((at) => now - at <= periodMs - backoffSlackMs);
    this.check(recent.length <= intensity, `${pool} restarted ${recent.length} times within its period`);
  }

  private checkBounds(): void {
    for (const node of this.nodes.values()) {
      for (const actor of node.system.inspect()) {
        if (actor.path.startsWith('guard/pool/'))
          expect(actor.mailboxDepth).toBeLessThanOrEqual(2 * capacity);
      }
    }
  }

  private isAlive({ node, nodeIncarnation, uid }: ActorAddress): boolean {
    const home = this.nodes.get(node);
    return home?.incarnation === nodeIncarnation && home.system.inspect().some((actor) => actor.uid === uid);
  }

  /** Notes a broken promise where an assertion would be swallowed by whoever calls. */
  private check(holds: boolean, otherwise: string): void {
    if (!holds) this.broken.push(otherwise);
  }

  private async checkConverged(): Promise<void> {
    expect(this.broken).toEqual([]);
    expect(this.open, 'questions still open').toBe(0);
    for (const node of this.nodes.values()) {
      for (const name of names)
        expect(node.presence.member(name), `${node.nodeId} sees ${name}`).toMatchObject({
          state: 'alive',
          incarnation: this.lives.get(name),
        });
    }
    for (const { address, watcher, told } of this.watched) {
      const at = `${address.node}#${address.nodeIncarnation}/${address.path}@${address.uid}`;
      expect(told, `told of ${at}`).toBeLessThanOrEqual(1);
      const isWatcherAlive = this.nodes.get(watcher.nodeId) === watcher;
      if (isWatcherAlive && !this.isAlive(address)) expect(told, `told of ${at}, which is gone`).toBe(1);
    }
    const before = this.totals.answered;
    const [asker] = this.nodes.values();
    let expected = 0;
    for (const node of this.nodes.values()) {
      if (node.system.inspect().every((actor) => actor.path !== 'guard/pool/w0' || actor.state !== 'running'))
        continue;
      expected++;
      this.ask(asker as TestNode, (asker as TestNode).system.refFor(node.nodeId, 'guard/pool/w0'));
    }
    await this.simulation.run(askTimeoutMs);
    expect(this.totals.answered - before, 'workers that answer in the end').toBe(expected);
  }
}

async function play(seed: number): Promise<{ totals: Totals; hash: string }> {
  const scenario = new Scenario(seed);
  try {
    await scenario.play();
  } catch (error) {
    throw new Error(
      `seed ${seed} breaks an invariant; replay it with DROVER_SIM_SEED=${seed} DROVER_SIM_SEEDS=1`,
      { cause: error },
    );
  }
  return { totals: scenario.totals, hash: scenario.simulation.traceHash };
}

it('keeps its promises under faults for every seed', { timeout: 120_000 }, async () => {
  const sum: Totals = {
    restarts: 0,
    escalations: 0,
    deadLetters: 0,
    nodeDowns: 0,
    answered: 0,
    refused: 0,
    badFrames: 0,
  };
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const { totals } = await play(seed);
    for (const key of Object.keys(sum) as (keyof Totals)[]) sum[key] += totals[key];
  }
  process.stdout.write(`${seeds} seeds: ${JSON.stringify(sum)}\n`);
  const { badFrames, ...mustHappen } = sum;
  expect(badFrames).toBe(0);
  for (const [name, count] of Object.entries(mustHappen))
    expect(count, `${name} in ${seeds} seeds`).toBeGreaterThan(0);
});

it('replays a seed exactly', { timeout: 30_000 }, async () => {
  const [one, two, other] = [await play(3), await play(3), await play(4)];
  expect(one).toEqual(two);
  expect(one.hash).not.toBe(other.hash);
});
