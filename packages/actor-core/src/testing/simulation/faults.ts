import { nodeNames, type World } from './world.ts';

const longestPauseMs = 6_000;
type Fault =
  | 'lossy'
  | 'cut'
  | 'isolate'
  | 'crash'
  | 'replace'
  | 'leave'
  | 'pause'
  | 'stall'
  | 'disconnect'
  | 'reconnect'
  | 'start'
  | 'heal';
const common: readonly Fault[] = [
  'lossy',
  'lossy',
  'cut',
  'cut',
  'isolate',
  'crash',
  'replace',
  'leave',
  'pause',
  'stall',
  'disconnect',
  'reconnect',
  'reconnect',
  'start',
  'start',
  'start',
  'heal',
  'heal',
];

/** Kinds of fault of nodes and bus. */
export const nodeFaultNames: readonly string[] = [...new Set(common)].filter(
  (kind) => !['start', 'reconnect', 'heal'].includes(kind),
);

/**
 * Applies faults to a world from time to time. Each seed gets every kind; the first ones come in an order that the seed
 * picks.
 */
export class Faults {
  readonly #world: World;
  readonly #first: Fault[] = ['lossy', 'cut', 'crash', 'pause'];
  /** In some worlds the bus never doubles a message: a message that arrives twice there was sent twice. */
  readonly #doubles: boolean;

  constructor(world: World) {
    this.#world = world;
    this.#doubles = world.chance() < 0.7;
  }

  strike(): void {
    const world = this.#world;
    const first = this.#first;
    const fault =
      first.length > 0
        ? (first.splice(Math.floor(world.chance() * first.length), 1)[0] as Fault)
        : world.pick(common);
    const name = world.pick(nodeNames);
    const { simulation } = world;
    if (world.without.has(fault)) return undefined;
    switch (fault) {
      case 'lossy':
        simulation.faults = {
          drop: world.chance() * 0.3,
          duplicate: this.#doubles ? world.chance() * 0.15 : 0,
          delay: world.chance() * 0.25,
        };
        return;
      case 'cut':
        return simulation.cut(name, world.pick(nodeNames.filter((other) => other !== name)));
      case 'crash':
        return void world.crash(name);
      case 'replace':
        // Its next incarnation starts while messages of the last one are still in flight.
        return world.crash(name) ? world.startNode(name) : undefined;
      case 'leave':
        return void world.leave(name);
      case 'isolate':
        return world.isolate(name);
      case 'stall':
        return void world.stall(name, 500 + world.chance() * longestPauseMs);
      case 'pause':
        return void world.pause(name, 500 + world.chance() * longestPauseMs);
      case 'disconnect':
        simulation.strike('disconnect');
        return world.node(name)?.transport.disconnect();
      case 'reconnect':
        return simulation.hub.bus.reconnectAll();
      case 'start':
        return this.#startOne();
      case 'heal':
        return world.heal();
    }
  }

  /** Ends all faults: crashed nodes are started, disconnected nodes are reconnected. */
  end(): void {
    const world = this.#world;
    world.heal();
    world.simulation.hub.bus.reconnectAll();
    world.endLeaving();
    for (const name of nodeNames) if (world.isGone(name)) world.startNode(name);
  }

  #startOne(): void {
    const gone = nodeNames.filter((name) => this.#world.isGone(name));
    if (gone.length > 0) this.#world.startNode(this.#world.pick(gone));
  }
}
