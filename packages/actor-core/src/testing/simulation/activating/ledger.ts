import { z } from 'zod';
import type { ActorContext, Behaviour } from '../../../actor/actor-context.ts';
import type { ActorRef } from '../../../actor/actor-ref.ts';
import { receive, same, setup } from '../../../actor/behaviour.ts';
import {
  type Entity,
  type EntityDefinition,
  type EntityKind,
  defineEntity,
} from '../../../entities/entity-definition.ts';
import { actorRefSchema } from '../../../remoting/actor-ref-schema.ts';
import type { TestNode } from '../../test-node.ts';
import type { World } from '../world.ts';

/** Adds an entry to a ledger. It is answered once the entry is stored. */
export interface AddEntry {
  readonly kind: 'add';
  readonly entry: number;
  readonly replyTo: ActorRef<Added>;
}

/** The entry is stored. */
export interface Added {
  readonly entry: number;
  /** Entries of the ledger, as the answering activation knows them. */
  readonly total: number;
}

type Message = AddEntry | { readonly kind: 'recovered'; readonly total: number };

/** What a ledger writes: the entry, and the fence of the activation that wrote it. */
export interface StoredEntry {
  readonly entry: number;
  readonly fence: number;
}

const protocol = z.object({
  kind: z.literal('add'),
  entry: z.number(),
  replyTo: actorRefSchema<Added>(),
}) as unknown as z.ZodType<Message>;

const pauseMs = 200;

/** The activations of the ledgers that run now, with their nodes, by ledger. */
export type Running = Map<string, Map<Entity, TestNode>>;

/** A type of ledgers on one node: entities that store entries under their fence, and read them when they begin. */
export function ledgers(
  world: World,
  node: TestNode,
  running: Running,
  options: Partial<EntityDefinition<Message>> & { readonly type: string },
): EntityKind<AddEntry> {
  return defineEntity<Message>({
    protocol,
    behaviour: (entity) => ledger(world, node, running, entity),
    supervision: { intensity: 1_000, backoffMaxMs: 500 },
    activationTimeoutMs: 6_000,
    handOverTimeoutMs: 2_000,
    maxBuffered: 50,
    ...options,
  });
}

function ledger(world: World, node: TestNode, running: Running, entity: Entity): Behaviour<Message> {
  noteRunning(world, node, running, entity);
  return setup((context) => {
    context.pipeToSelf(
      recover(node, entity, context.signal),
      (total): Message => ({ kind: 'recovered', total }),
      () => ({ kind: 'recovered', total: 0 }),
    );
    return receive((message) => {
      if (message.kind === 'recovered') return recovered(world, context, entity, message.total);
      context.stash(message);
      return same;
    });
  });
}

function recovered(
  world: World,
  context: ActorContext<Message>,
  entity: Entity,
  atFirst: number,
): Behaviour<Message> {
  let total = atFirst;
  context.unstashAll();
  return receive(async (message) => {
    if (message.kind !== 'add') return same;
    const { entry, replyTo } = message;
    const stored: StoredEntry = { entry, fence: entity.fence.sequence };
    const payload = new TextEncoder().encode(JSON.stringify(stored));
    const outcome = await entity.write({ subject: entity.subject('entries'), payload });
    if (outcome.kind === 'written') replyTo.tell({ entry, total: ++total });
    else world.count('refusedEntityWrites');
    return same;
  });
}

/** The number of stored entries. Repeats reads that fail until the activation ends. */
async function recover({ storage, clock }: TestNode, entity: Entity, signal: AbortSignal): Promise<number> {
  const filter = entity.subject('entries');
  for (let from = 0, total = 0; !signal.aborted; ) {
    try {
      const page = await storage.log.readForward(entity.log, { from, filter });
      total += page.records.length;
      from = page.next;
      if (page.isEnd) return total;
    } catch {
      await new Promise<void>((resolve) => clock.setTimer(pauseMs, resolve));
    }
  }
  return 0;
}

function noteRunning(world: World, node: TestNode, running: Running, entity: Entity): void {
  const { key, type, signal } = entity;
  const name = `${type}/${key}`;
  const activations = running.get(name) ?? new Map<Entity, TestNode>();
  running.set(name, activations);
  if (activations.has(entity)) return;
  for (const other of activations.keys())
    if (!world.isAlive(activations.get(other) as TestNode)) activations.delete(other);
  activations.set(entity, node);
  signal.addEventListener('abort', () => activations.delete(entity), { once: true });
  if (activations.size > 1) world.count('doubleActivations');
}
