import { createTestHub, seededRandom } from '@drover/actor-core/testing';
import { describe, expect, it } from 'vitest';
import { AgentsError } from '../errors.ts';
import { startTestCell, type TestCell } from '../testing/test-cell.ts';
import { WriteWatch } from '../testing/watched-store.ts';

/**
 * A cell under random faults: dropped, duplicated and late messages, hosts that are cut off, killed and started again,
 * JetStream down or deaf (it executes writes, but does not answer). `DROVER_SEED=n` replays one seed, `DROVER_SEEDS=n`
 * runs that many seeds.
 */
const { DROVER_SEED, DROVER_SEEDS = '8' } = process.env;
const seeds =
  DROVER_SEED === undefined
    ? Array.from({ length: Number(DROVER_SEEDS) }, (_, i) => i + 1)
    : [Number(DROVER_SEED)];
const hostNames = ['host-1', 'host-2', 'host-3'];

describe('agents under faults', () => {
  it.each(seeds)(
    'have one writer per fence, only growing incarnations, and all run again after the faults (seed %d)',
    { timeout: 60_000 },
    async (seed) => {
      const hub = createTestHub({ random: seededRandom(seed) });
      const watch = new WriteWatch(hub);
      const cell = await startTestCell({
        hub,
        hosts: hostNames,
        logOf: (nodeId, log) => watch.logOf(nodeId, log),
        config: { maxAgents: 40, maxRuns: 30 },
      });
      const world = new World(cell, watch, seed);
      for (let step = 0; step < 80; step++) {
        await world.step();
        await cell.advance(500);
      }
      await world.heal();
      const replay = `replay with DROVER_SEED=${seed}`;
      expect(watch.breaches, replay).toEqual([]);
      expect(watch.writes).toBeGreaterThan(10);
      expect(await world.unanswered(), replay).toEqual([]);
      expect(await world.notRunning(), replay).toEqual([]);
    },
  );
});

/** Performs random requests and faults, and checks their results. */
class World {
  readonly #cell: TestCell;
  readonly #dice: ReturnType<typeof seededRandom>;
  readonly #spawned = new Set<string>();
  readonly #stopped = new Set<string>();
  readonly #submitted = new Set<string>();
  readonly #open = new Set<string>();
  readonly #watch: WriteWatch;
  /** At most one host is cut off, one dead and one slow at a time, so that the cell can make progress. */
  #cutOff: string | undefined;
  #dead: string | undefined;
  #slow: string | undefined;
  #serial = 0;
  #lossy = false;

  constructor(cell: TestCell, watch: WriteWatch, seed: number) {
    this.#cell = cell;
    this.#watch = watch;
    this.#dice = seededRandom(seed * 7_919);
    const chaos = seededRandom(seed * 104_729);
    cell.hub.bus.fault = ({ from, to }) => {
      if (!this.#lossy || from === to) return 'deliver';
      const dice = chaos.next();
      if (dice < 0.1) return 'drop';
      if (dice < 0.15) return 'duplicate';
      return dice < 0.2 ? { delayMs: chaos.next() * 400 } : 'deliver';
    };
  }

  async step(): Promise<void> {
    const { client } = this.#cell;
    const dice = this.#dice.next();
    const id = this.#pick([...this.#spawned]);
    if (dice < 0.2)
      this.#start('spawn', client.spawn({ type: 'assistant' }), (agent) => this.#spawned.add(agent.id));
    else if (dice < 0.4 && id)
      this.#start('task', client.task(id, { input: 'one two', timeoutMs: 8_000 }), checkOutput);
    else if (dice < 0.5 && id) {
      const submitted = client.submit(id, { input: 'three', timeoutMs: 8_000 });
      this.#start('submit', submitted, ({ runId }) => this.#submitted.add(runId));
    } else if (dice < 0.55 && id) {
      // The request may have been executed even if its answer was lost.
      this.#stopped.add(id);
      this.#start('stop', client.stop(id), () => undefined);
    } else if (dice < 0.63) this.#lossy = !this.#lossy;
    else if (dice < 0.73) this.#cutOrJoin();
    else if (dice < 0.82) await this.#killOrStart();
    else if (dice < 0.9) this.#slowOrNot();
    else if (dice < 0.93) this.#watch.state = this.#dice.next() < 0.5 ? 'down' : 'deaf';
    else this.#watch.state = 'up';
  }

  /** Ends all faults and leaves time to converge. */
  async heal(): Promise<void> {
    this.#lossy = false;
    this.#watch.holdBackMs = () => 0;
    this.#watch.state = 'up';
    if (this.#cutOff !== undefined) this.#cutOrJoin();
    if (this.#dead !== undefined) await this.#killOrStart();
    await this.#cell.advance(30_000);
  }

  /** Requests without an answer or an error, and runs that have not ended. */
  async unanswered(): Promise<string[]> {
    const silent = [...this.#open];
    for (const runId of this.#submitted) {
      const run = await this.#cell.during(this.#cell.client.run(runId)).catch(() => undefined);
      // Undefined: its record was replaced by a newer run.
      if (run?.status === 'running') silent.push(`run ${runId} still running`);
    }
    return silent;
  }

  /** Agents that should run but do not, run twice, or run without a record. */
  async notRunning(): Promise<string[]> {
    const { client, during, hosts } = this.#cell;
    const wrong: string[] = [];
    const actors = [...hosts].flatMap(([nodeId, { node }]) =>
      node.system.inspect().flatMap(({ path }) => (path.startsWith('agents/') ? [`${nodeId} ${path}`] : [])),
    );
    const agents = await during(client.list());
    for (const id of this.#spawned)
      if (!agents.some((agent) => agent.id === id)) wrong.push(`${id} is forgotten`);
    const expected: string[] = [];
    for (const { id, status, node, incarnation } of agents) {
      if (status === 'stopped') {
        if (!this.#stopped.has(id)) wrong.push(`${id} is stopped without a request`);
        continue;
      }
      if (status !== 'ready' || !hosts.has(node)) wrong.push(`${id} is ${status} on ${node}`);
      expected.push(`${node} agents/${id}-${incarnation}`);
    }
    for (const actor of actors) if (!expected.includes(actor)) wrong.push(`${actor} runs and should not`);
    for (const actor of expected) if (!actors.includes(actor)) wrong.push(`${actor} should run and does not`);
    return wrong;
  }

  #start<T>(what: string, promise: Promise<T>, then: (value: T) => unknown): void {
    const name = `${what} ${this.#serial++}`;
    this.#open.add(name);
    promise.then(then).then(
      () => this.#open.delete(name),
      (error: unknown) => {
        // An AgentsError is an answer; any other error is reported as a failure of the test.
        if (error instanceof AgentsError) this.#open.delete(name);
        else this.#open.add(`${name}: ${String(error)}`);
      },
    );
  }

  #cutOrJoin(): void {
    const nodeId = this.#cutOff ?? this.#pick([...this.#cell.hosts.keys()]);
    const transport = this.#cell.hosts.get(nodeId ?? '')?.node.transport;
    if (this.#cutOff === undefined) {
      this.#cutOff = nodeId;
      transport?.disconnect();
    } else {
      this.#cutOff = undefined;
      transport?.reconnect();
    }
  }

  async #killOrStart(): Promise<void> {
    const { kill, start, hosts } = this.#cell;
    if (this.#dead !== undefined) {
      await start(this.#dead);
      this.#dead = undefined;
      return;
    }
    this.#dead = this.#pick([...hosts.keys()]) ?? '';
    kill(this.#dead);
    if (this.#cutOff === this.#dead) this.#cutOff = undefined;
  }

  /** Delays the leader's writes so long that it may be deposed before they arrive. */
  #slowOrNot(): void {
    this.#slow = this.#slow === undefined ? this.#watch.leader : undefined;
    const slow = this.#slow;
    this.#watch.holdBackMs = (nodeId) => (nodeId === slow ? this.#dice.next() * 5_000 : 0);
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.#dice.next() * items.length)];
  }
}

function checkOutput({ output }: { output: string }): void {
  if (output !== 'one two') throw new Error(`wrong answer ${output}`);
}
