import { nodeNames, type World } from './world.ts';

type Kind =
  | 'unreliable'
  | 'away'
  | 'log-away'
  | 'stand-still'
  | 'restart'
  | 'storm'
  | 'full'
  | 'cut-off'
  | 'clock-jump'
  | 'loss'
  | 'heal-store';
const common: readonly Kind[] = [
  'unreliable',
  'unreliable',
  'unreliable',
  'away',
  'log-away',
  'log-away',
  'stand-still',
  'stand-still',
  'restart',
  'storm',
  'full',
  'cut-off',
  'clock-jump',
  'clock-jump',
  'heal-store',
  'heal-store',
];
/** A stream without a leader, as measured (reference: nats.md). */
const leastAwayMs = 4_000;
const mostAwayMs = 9_000;
const mostStillMs = 6_000;
const mostDownMs = 3_000;
const mostFullMs = 8_000;
const mostStorms = 4;
/** Share of the seeds in which acknowledged records are lost. */
const lossShare = 0.12;

/** Kinds of fault of the server and the clocks. */
export const serverFaultNames: readonly string[] = [...new Set<Kind>([...common, 'loss'])].filter(
  (kind) => kind !== 'heal-store',
);

/** Applies the faults of nats-server and of the clocks to a world from time to time. */
export class ServerFaults {
  readonly #world: World;
  readonly #kinds: readonly Kind[];

  constructor(world: World) {
    this.#world = world;
    this.#kinds = world.chance() < lossShare ? [...common, 'loss', 'loss'] : common;
  }

  strike(): void {
    const world = this.#world;
    const { simulation } = world;
    const { store } = simulation;
    const kind = world.pick(this.#kinds);
    if (world.without.has(kind)) return undefined;
    switch (kind) {
      case 'unreliable':
        store.rates = {
          replyLost: world.chance() * 0.1,
          late: world.chance() * 0.1,
          checkInFlight: world.chance() * 0.15,
          staleRead: world.chance() * 0.15,
          announcementLost: world.chance() * 0.2,
          announcementDoubled: world.chance() * 0.2,
          slow: world.chance() * 0.2,
        };
        return;
      case 'away':
        return store.away(this.#between(leastAwayMs, mostAwayMs));
      case 'log-away': {
        const { names } = simulation.hub.logs;
        if (names.length > 0) store.away(this.#between(leastAwayMs, mostAwayMs), world.pick(names));
        return;
      }
      case 'stand-still':
        return simulation.standStill(this.#between(200, mostStillMs));
      case 'restart':
        return simulation.restartServer(this.#between(100, mostDownMs));
      case 'storm':
        return simulation.reconnectStorm(1 + Math.floor(world.chance() * mostStorms));
      case 'full':
        return store.full(this.#between(500, mostFullMs));
      case 'cut-off':
        return store.cutOff(world.pick(nodeNames));
      case 'clock-jump':
        return void world.jumpClock(world.pick(nodeNames));
      case 'loss':
        return world.loseRecords();
      case 'heal-store':
        return store.heal();
    }
  }

  #between(least: number, most: number): number {
    return least + this.#world.chance() * (most - least);
  }
}
