import type { ActorRef } from '../actor/actor-ref.ts';
import { receive, setup } from '../actor/behaviour.ts';
import { props } from '../cell/create-props.ts';
import { InvalidArgumentError } from '../errors.ts';
import type { LocalNode } from '../membership/local-node.ts';
import { localSystemOf } from '../system/local-system.ts';
import type { EntitiesConfig } from './entities-config.ts';
import type { EntityKind } from './entity-definition.ts';
import { EntityHost } from './entity-host.ts';
import type { StartedType } from './entity-slot.ts';
import { type EntityId, requireEntityId } from './entity-id.ts';
import { entitiesPath, type EntityMessage, entityMessageSchema } from './entity-message.ts';
import { type EntityRef, entityAt, RoutedEntityRef } from './entity-ref.ts';
import { EntityRouter } from './entity-router.ts';
import { EntityStore } from './entity-store.ts';
import { EntityUpkeep } from './entity-upkeep.ts';
import { AnnouncedHosting, type Hosted } from './hosting.ts';
import { clusterViews, type PlacementViews } from './placement-view.ts';

/** Interval of the upkeep while some entity is neither active nor forgotten, and otherwise. */
const busyTickMs = 50;
const idleTickMs = 500;
const sweepMs = 1_000;

type Message = EntityMessage | readonly ['tick'] | readonly ['view'];

/** The entities of one node: joins the host, the router and the upkeep to actors and to the view. */
export class EntityRuntime {
  readonly host: EntityHost;
  readonly router: EntityRouter;
  readonly types: ReadonlyMap<string, StartedType>;
  readonly views: PlacementViews;
  readonly #node: LocalNode;
  readonly #types = new Map<string, StartedType>();
  readonly #actors: ActorRef<never>[] = [];
  readonly #inbox: ActorRef<EntityMessage>;
  readonly #hosting: AnnouncedHosting;
  readonly #upkeep: EntityUpkeep;
  readonly #unlisten: () => void;
  #sweepAtMs = 0;
  #isDraining = false;
  /** Those that wait for the end of the drain. */
  readonly #drained: (() => void)[] = [];
  #isTickSoon = false;
  #setTick: (delayMs: number) => void = () => undefined;

  constructor(node: LocalNode, config: EntitiesConfig) {
    this.#node = node;
    this.types = this.#types;
    this.#hosting = new AnnouncedHosting(node, () => this.#hosted());
    const views = clusterViews(node, this.#hosting);
    this.views = views;
    const { storage, subjects, clock } = node;
    const { shards, replicas } = config;
    const store = new EntityStore({ storage, subjects, clock, shards, replicas });
    const types = this.#types;
    this.router = new EntityRouter({ node, views, types, host: () => this.host, self: () => this.#inbox });
    this.host = new EntityHost({
      node,
      views,
      store,
      others: this.router,
      onUnsettled: () => this.#tickSoon(),
    });
    this.#upkeep = new EntityUpkeep({ node, views, store, types, host: this.host, config });
    this.#inbox = this.#startInbox();
    const viewChanged: Message = ['view'];
    const inbox = this.#inbox as ActorRef<Message>;
    const changed = () => inbox.tell(viewChanged, { lane: 'control' });
    const ends = [
      views.onChange(changed),
      node.transport.onConnectionChange((isConnected) => {
        if (isConnected) changed();
      }),
    ];
    this.#unlisten = () => ends.forEach((end) => end());
    localSystemOf(node.system).node.refs.routed = (address) => this.#resolve(address);
  }

  /** Starts a type on this node. @throws InvalidArgumentError if it is started already */
  start({ resolved: type }: EntityKind<never>): void {
    if (this.#types.has(type.type))
      throw new InvalidArgumentError('types', `has ${type.type}, which is started on this node already`);
    const started: StartedType = { type, supervisor: undefined };
    this.#types.set(type.type, started);
    this.#hosting.changed();
    this.#actors.push(this.#startSupervisor(started));
  }

  refOf<M>(id: EntityId): EntityRef<M> {
    const started = this.#types.get(requireEntityId(id).type);
    if (started === undefined)
      throw new InvalidArgumentError('type', `${id.type} is not started on this node`);
    const { system, clock } = this.#node;
    return new RoutedEntityRef<M>(id, started, { router: this.router, system, clock });
  }

  /**
   * Moves all entities to other members, each with the messages that wait for it. Resolves once no entity is left that
   * another member may hold.
   */
  drain(): Promise<void> {
    this.#isDraining = true;
    this.host.isDraining = true;
    this.#hosting.changed();
    this.#tickSoon();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  async stop(): Promise<void> {
    this.#upkeep.stop();
    this.#unlisten();
    this.#hosting.close();
    localSystemOf(this.#node.system).node.refs.routed = undefined;
    for (const actor of this.#actors) await this.#node.system.stop(actor);
    await this.#node.system.stop(this.#inbox);
  }

  /** What this node holds. */
  #hosted(): Hosted {
    const held = [...this.#types.values()].filter(({ type }) => this.#node.roles.includes(type.role));
    return { types: new Set(held.map(({ type }) => type.type)), isDraining: this.#isDraining };
  }

  #startInbox(): ActorRef<EntityMessage> {
    const create = () =>
      setup<Message>((context) => {
        this.#setTick = (delayMs) => context.setTimer('tick', delayMs, ['tick']);
        this.#setTick(idleTickMs);
        return receive((message) => this.#take(message));
      });
    const recipe = props<Message>(create, {
      protocol: entityMessageSchema,
      accepts: (message, sender) => this.router.accepts(message as EntityMessage, sender),
      restart: 'permanent',
      mailbox: { capacity: 100_000 },
    });
    return this.#node.system.spawn(recipe, entitiesPath) as ActorRef<EntityMessage>;
  }

  #startSupervisor(started: StartedType): ActorRef<never> {
    const { supervision, type } = started.type;
    const create = () =>
      setup<never>((context) => {
        started.supervisor = context;
        this.#keepUp();
        return receive<never>(
          () => undefined,
          (signal) => {
            if (signal.type === 'terminated') this.host.ended(signal.ref, signal.reason === 'failed');
            else started.supervisor = undefined;
          },
        );
      });
    return this.#node.system.spawn(
      props<never>(create, { restart: 'permanent', supervision }),
      `entity-${type}`,
    );
  }

  #take(message: Message): void {
    if (message[0] === 'tick') return this.#tick();
    if (message[0] === 'view') return this.#viewChanged();
    return this.router.receive(message);
  }

  #tickSoon(): void {
    if (this.#isTickSoon) return;
    this.#isTickSoon = true;
    this.#setTick(busyTickMs);
  }

  #tick(): void {
    this.#isTickSoon = false;
    this.#setTick(idleTickMs);
    this.host.tick();
    this.#upkeep.tick();
    if (this.host.isDraining && this.host.unsettled === 0 && this.#upkeep.movable().length === 0)
      for (const resolve of this.#drained.splice(0)) resolve();
    if (this.host.unsettled > 0 || this.host.isDraining) this.#tickSoon();
    const nowMs = this.#node.clock.now();
    if (nowMs < this.#sweepAtMs) return;
    this.#sweepAtMs = nowMs + sweepMs;
    this.router.sweep();
    this.#hosting.tick();
  }

  #viewChanged(): void {
    const { nodeId } = this.#node;
    const self = this.views.current().members.find(({ id }) => id === nodeId);
    if (self?.state === 'leaving' && !this.#isDraining) void this.drain();
    this.host.viewChanged();
    this.router.viewChanged();
    this.#keepUp();
  }

  #keepUp(): void {
    this.#upkeep.viewChanged();
  }

  #resolve(address: Parameters<typeof entityAt>[0]): ActorRef<never> | undefined {
    const id = entityAt(address);
    return id !== undefined && this.#types.has(id.type) ? this.refOf<never>(id) : undefined;
  }
}
