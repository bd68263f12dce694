import type { RuntimeEvent } from '../../actor/runtime-event.ts';
import { DroverError } from '../../errors.ts';
import type { EntityKind } from '../../entities/entity-definition.ts';
import { type Entities, startEntities } from '../../entities/start-entities.ts';
import type { TestNode } from '../test-node.ts';
import { type Added, type AddEntry, ledgers, type Running } from './activating/ledger.ts';
import { StoredEntries } from './activating/stored-entries.ts';
import type { Scenario, Workload } from './workload.ts';
import type { World } from './world.ts';

const shards = 2;
const keys = ['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7'] as const;
const types = ['idle', 'kept', 'remembered'] as const;
const singleKey = 'one';
const timeoutMs = 5_000;
const mostMessages = 4;
const drainChance = 0.01;
/** Nodes that must stay able to hold entities. */
const leastHolders = 3;
const settleMs = 15_000;

/** The entities of one node. */
interface Held {
  readonly entities: Entities;
  readonly kinds: Readonly<Record<(typeof types)[number], EntityKind<AddEntry>>>;
  isDrained: boolean;
}

/**
 * Ledgers that are entities, on nodes that crash, pause, are cut off, drain and leave.
 *
 * - At no time is an entry accepted from an activation after a newer activation of the ledger has begun.
 * - An entry that was answered is stored.
 * - A message is not refused because its entity ended: it waits, or follows the entity.
 * - In the end every ledger answers, wherever it is asked from, and is active on one node.
 * - In the end the kept ledger is active, and every remembered ledger that was ever active.
 * - The ledgers of a node that is lost for good are active on other nodes, and answer.
 */
class Activating implements Workload {
  readonly #world: World;
  readonly #held = new Map<TestNode, Held>();
  readonly #running: Running = new Map();
  readonly #stored: StoredEntries;
  /** Entries that were answered, by ledger. */
  readonly #answered = new Map<string, number[]>();
  #entries = 0;

  constructor(world: World) {
    this.#world = world;
    const { simulation } = world;
    const logs = Array.from({ length: shards }, (_, shard) => `ENT_${simulation.hub.cell}_${shard}`);
    this.#stored = new StoredEntries(simulation, logs);
  }

  startNode(node: TestNode): void {
    const world = this.#world;
    const kinds = {
      idle: ledgers(world, node, this.#running, { type: 'idle', passivateAfterMs: 2_000, maxResident: 3 }),
      kept: ledgers(world, node, this.#running, { type: 'kept', keep: [singleKey], rebalance: false }),
      remembered: ledgers(world, node, this.#running, { type: 'remembered', remember: true }),
    };
    const config = { shards, stableMs: 1_500, rebalanceMs: 500, rememberMs: 5_000 };
    const entities = startEntities(node, { types: Object.values(kinds), config });
    this.#held.set(node, { entities, kinds, isDrained: false });
  }

  act(): boolean {
    const world = this.#world;
    const node = world.anyNode();
    const held = node === undefined ? undefined : this.#held.get(node);
    if (node === undefined || held === undefined) return false;
    if (world.chance() < drainChance && this.#holders().length > leastHolders) {
      held.isDrained = true;
      world.simulation.note(`drain ${node.nodeId}`);
      void held.entities.drain().then(() => world.count('drained'));
      return true;
    }
    const type = world.pick(types);
    const key = type === 'kept' ? singleKey : world.pick(keys);
    const count = 1 + Math.floor(world.chance() * mostMessages);
    for (let i = 0; i < count; i++) void this.#add(node, held, type, key);
    return true;
  }

  onEvent(node: TestNode, event: RuntimeEvent): void {
    if (event.type !== 'entity') return;
    this.#world.simulation.note(`${node.nodeId} ${event.entity} ${event.what}`);
    if (event.what === 'activated') this.#world.count('activations');
    if (event.what === 'passivated') this.#world.count('passivations');
    if (event.what === 'moved') this.#world.count('entityMoves');
    if (event.what === 'lost') this.#world.count('lostActivations');
  }

  onLoss(): void {
    this.#stored.forget();
    this.#answered.clear();
  }

  checkStep(): void {
    this.#stored.read((what) => this.#world.check(this.#world.hasLostRecords, what));
  }

  async checkEnd(): Promise<void> {
    // Before they are asked, for a question activates them.
    for (const { key, state } of this.#stored.ownersOf('remembered'))
      if (state === 'active' || state === 'moving') this.#checkActive('remembered', key);
    await this.#checkAll();
    // What remembers them may be lost.
    if (!this.#world.hasLostRecords) for (const key of keys) this.#checkActive('remembered', key);
    this.#checkActive('kept', singleKey);
  }

  async checkAfterNodeLoss(): Promise<void> {
    if (this.#world.hasLostRecords) return;
    for (const key of keys) this.#checkActive('remembered', key);
    this.#checkActive('kept', singleKey);
    await this.#checkAll();
  }

  /** Every ledger answers, and has what it answered before. */
  async #checkAll(): Promise<void> {
    const names = types.flatMap((type) =>
      (type === 'kept' ? [singleKey] : keys).map((key) => ({ type, key })),
    );
    const asked = names.map(({ type, key }) => this.#askAtEnd(type, key));
    await this.#world.pass(settleMs);
    await Promise.all(asked);
    this.checkStep();
    for (const [name, answered] of this.#answered) this.#checkAnswered(name, answered);
  }

  async #add(node: TestNode, held: Held, type: keyof Held['kinds'], key: string): Promise<boolean> {
    const world = this.#world;
    const entry = ++this.#entries;
    const ledger = held.entities.ref(held.kinds[type], key);
    try {
      await ledger.ask<Added>((replyTo) => ({ kind: 'add', entry, replyTo }), { timeoutMs });
    } catch (error) {
      if (!world.isAlive(node)) return false;
      const code = error instanceof DroverError ? error.code : String(error);
      world.check(code !== 'actor-not-found', `${type}/${key} was refused because its actor ended`);
      return false;
    }
    if (!world.isAlive(node)) return false;
    world.count('storedEntries');
    const name = `${type}/${key}`;
    this.#answered.set(name, [...(this.#answered.get(name) ?? []), entry]);
    return true;
  }

  async #askAtEnd(type: keyof Held['kinds'], key: string): Promise<void> {
    const world = this.#world;
    const node = world.pick(world.nodes());
    const held = this.#held.get(node) as Held;
    // Where records were lost, an activation may learn from its first write that it no longer owns the ledger.
    const isAnswered =
      (await this.#add(node, held, type, key)) ||
      (world.hasLostRecords && (await this.#add(node, held, type, key)));
    world.check(isAnswered, `${type}/${key} does not answer ${node.nodeId}`);
  }

  #checkAnswered(name: string, answered: readonly number[]): void {
    const world = this.#world;
    if (world.hasLostRecords) return;
    const known = new Set(this.#stored.of(name));
    for (const entry of answered) world.check(known.has(entry), `${name} answered ${entry} and lost it`);
  }

  #checkActive(type: keyof Held['kinds'], key: string): void {
    const world = this.#world;
    const active = world.nodes().filter((node) => {
      const { entities, kinds } = this.#held.get(node) as Held;
      return entities.active(kinds[type]).includes(key);
    });
    const where = active.map(({ nodeId }) => nodeId).join(' and ');
    world.check(active.length === 1, `${type}/${key} is active on ${where === '' ? 'no node' : where}`);
  }

  #holders(): TestNode[] {
    return this.#world.nodes().filter((node) => this.#held.get(node)?.isDrained === false);
  }
}

/** Entities, their placement and their moves. */
export const activating: Scenario = {
  create: (world) => new Activating(world),
  counters: {
    activations: 'entities that were activated',
    passivations: 'entities that were stopped until their next message',
    entityMoves: 'entities that were given up for another node',
    lostActivations: 'activations that another one replaced',
    doubleActivations: 'activations that began while an earlier one still ran',
    refusedEntityWrites: 'writes of replaced activations that were refused',
    storedEntries: 'entries of ledgers that were stored and answered',
    drained: 'nodes that gave all their entities away',
  },
};
