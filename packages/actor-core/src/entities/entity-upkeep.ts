import { StoreUnavailableError } from '../errors.ts';
import type { LocalNode } from '../membership/local-node.ts';
import { chooseMoves, choosePassive, type Resident } from './choose-residents.ts';
import type { EntitiesConfig } from './entities-config.ts';
import type { EntityHost } from './entity-host.ts';
import type { EntitySlot, StartedType } from './entity-slot.ts';
import { entityName } from './entity-id.ts';
import { holderOf, placementOf } from './entity-placement.ts';
import type { EntityStore } from './entity-store.ts';
import type { PlacementViews } from './placement-view.ts';

/** What the upkeep of a node works with. */
export interface EntityUpkeepOptions {
  readonly node: LocalNode;
  readonly views: PlacementViews;
  readonly store: EntityStore;
  readonly types: ReadonlyMap<string, StartedType>;
  readonly host: EntityHost;
  readonly config: EntitiesConfig;
}

const passivateEveryMs = 1_000;
const keepEveryMs = 5_000;
/** Entities of one node that are activated or moved at the same time, at most. */
const mostAtOnce = 50;
const pauseMs = 50;
/** Time after a change of the members, so that several changes cause one comparison. */
const verifyDelayMs = 1_000;
const looksAtOnce = 8;

interface ResidentSlot extends Resident {
  readonly slot: EntitySlot;
}

/**
 * What a node does about its entities without a message: passivates idle ones, moves misplaced ones, activates kept and
 * remembered ones, and moves all of them when it drains.
 */
export class EntityUpkeep {
  readonly #options: EntityUpkeepOptions;
  #changedAtMs: number;
  #passivateAtMs = 0;
  #rebalanceAtMs = 0;
  #keepAtMs = 0;
  #rememberAtMs = 0;
  #verifyAtMs = Number.POSITIVE_INFINITY;
  #isScanning = false;
  #isVerifying = false;
  #isOver = false;

  constructor(options: EntityUpkeepOptions) {
    this.#options = options;
    this.#changedAtMs = options.node.clock.now();
  }

  /** The members have changed. */
  viewChanged(): void {
    this.#changedAtMs = this.#options.node.clock.now();
    this.#verifyAtMs = this.#changedAtMs + verifyDelayMs;
    this.#keepAtMs = 0;
    this.#rememberAtMs = 0;
  }

  /** Does what is due. */
  tick(): void {
    const { host, node, config } = this.#options;
    const nowMs = node.clock.now();
    if (nowMs >= this.#rememberAtMs && !this.#isScanning) {
      this.#rememberAtMs = nowMs + config.rememberMs;
      void this.#remember();
    }
    if (host.isDraining) return this.#drain();
    if (nowMs >= this.#passivateAtMs) {
      this.#passivateAtMs = nowMs + passivateEveryMs;
      for (const { type } of this.#options.types.values())
        for (const { slot } of choosePassive(this.#residents(type.type), type, nowMs))
          host.end(slot, 'passive');
    }
    if (nowMs >= this.#keepAtMs) {
      this.#keepAtMs = nowMs + keepEveryMs;
      this.#keep();
    }
    if (nowMs >= this.#rebalanceAtMs && nowMs - this.#changedAtMs >= config.stableMs) {
      this.#rebalanceAtMs = nowMs + config.rebalanceMs;
      this.#rebalance();
    }
    if (nowMs >= this.#verifyAtMs && !this.#isVerifying) {
      this.#verifyAtMs = nowMs + config.rememberMs;
      void this.#verify();
    }
  }

  /** Ends what runs in the background. */
  stop(): void {
    this.#isOver = true;
  }

  #residents(ofType?: string): ResidentSlot[] {
    const residents: ResidentSlot[] = [];
    for (const slot of this.#options.host.slots.values()) {
      const { activation, id, usedAtMs, state } = slot;
      if (state.phase !== 'active' || activation === undefined) continue;
      if (ofType === undefined || id.type === ofType)
        residents.push({ slot, usedAtMs, isBusy: activation.isBusy });
    }
    return residents;
  }

  /** Active entities that another member may hold now. */
  movable(): readonly EntitySlot[] {
    const { views, node } = this.#options;
    const { members, epoch } = views.current();
    const others = members.filter(({ id }) => id !== node.nodeId);
    return this.#residents()
      .map(({ slot }) => slot)
      .filter(({ id, started }) => {
        const to = placementOf(id, started.type, { epoch, members: others });
        return others.some((other) => other.id === to && other.isReachable);
      });
  }

  /** Moves entities to other members, a bounded number at a time. One that no other member may hold stays. */
  #drain(): void {
    const { host } = this.#options;
    const free = mostAtOnce - host.unsettled;
    for (const slot of this.movable().slice(0, Math.max(0, free))) host.end(slot, 'moving');
  }

  #rebalance(): void {
    const { host, views, node, config } = this.#options;
    const view = views.current();
    const residents = this.#residents();
    const misplaced = residents.filter(({ slot }) => {
      const { type } = slot.started;
      const placed = type.rebalance ? placementOf(slot.id, type, view) : undefined;
      return placed !== undefined && placed !== node.nodeId;
    });
    const counts = { residents: residents.length, moving: host.unsettled };
    for (const { slot } of chooseMoves(misplaced, counts, { share: config.rebalanceShare, most: mostAtOnce }))
      host.end(slot, 'moving');
  }

  #keep(): void {
    const { host, views, node, types } = this.#options;
    const view = views.current();
    for (const started of types.values())
      for (const key of started.type.keep) {
        const id = { type: started.type.type, key };
        if (placementOf(id, started.type, view) !== node.nodeId) continue;
        if (!host.slots.has(entityName(id))) host.intend(started, id, 'start');
      }
  }

  /**
   * Activates the remembered entities that belong here and have no owner. On a node that drains, gives up those whose
   * records still name it. Never rejects.
   */
  async #remember(): Promise<void> {
    this.#isScanning = true;
    try {
      for (const started of this.#options.types.values())
        if (started.type.remember) await this.#rememberType(started);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      this.#options.node.log.debug({ err: error }, 'remembered entities cannot be looked for; trying again');
      this.#rememberAtMs = this.#options.node.clock.now() + passivateEveryMs;
    } finally {
      this.#isScanning = false;
    }
  }

  async #rememberType(started: StartedType): Promise<void> {
    const { store, host, views, node } = this.#options;
    for await (const page of store.ownersOf(started.type.type))
      for (const seen of page) {
        const { record } = seen;
        if (record === undefined || (record.state !== 'active' && record.state !== 'moving')) continue;
        const id = { type: record.type, key: record.key };
        const view = views.current();
        const holder = holderOf(seen, view, node);
        if (holder.kind === 'other') continue;
        // What this node owns without a trace of it (a claim with an unknown outcome, or a record that could not be
        // given up) is its own to start. Where it drains, the start ends in a move.
        const isHere =
          holder.kind === 'self' || (!host.isDraining && placementOf(id, started.type, view) === node.nodeId);
        if (!isHere) continue;
        while (host.unsettled >= mostAtOnce && !this.#isOver) await this.#pause();
        if (this.#isOver) return;
        if (!host.slots.has(entityName(id))) host.intend(started, id, 'start');
      }
  }

  /**
   * Looks whether the active entities are still owned. One that writes notices by itself; one that does not write would
   * answer beside its successor. Never rejects.
   */
  async #verify(): Promise<void> {
    this.#isVerifying = true;
    const slots = this.#residents().values();
    const next = async () => {
      for (const { slot } of slots) {
        if (this.#isOver) return;
        await this.#options.host.verify(slot);
      }
    };
    try {
      await Promise.all(Array.from({ length: looksAtOnce }, next));
    } catch (error) {
      this.#options.node.log.debug({ err: error }, 'owner records cannot be read; trying again');
      this.#verifyAtMs = this.#options.node.clock.now() + passivateEveryMs;
    } finally {
      this.#isVerifying = false;
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#options.node.clock.setTimer(pauseMs, resolve));
  }
}
