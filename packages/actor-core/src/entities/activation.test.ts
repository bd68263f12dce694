import { expect, it } from 'vitest';
import { z } from 'zod';
import type { Props } from '../actor/actor-context.ts';
import { receive } from '../actor/behaviour.ts';
import type { FencedWriter } from '../fence/fenced-writer.ts';
import { Activation, type TypeSupervisor } from './activation.ts';
import type { Entity, EntityType } from './entity-definition.ts';

/** The entity that the behaviour of an activation gets; its writes end as stated. `losses` counts `onLost`. */
function setup(outcome: Awaited<ReturnType<FencedWriter['write']>>) {
  let entity: Entity | undefined;
  let losses = 0;
  const type = {
    protocol: z.string(),
    behaviour: (given: Entity) => {
      entity = given;
      return receive<never>(() => undefined);
    },
  } as unknown as EntityType;
  const supervisor = {
    spawn: ({ create }: Props<never>) => {
      (create as () => unknown)();
      return {};
    },
    watch: () => undefined,
    stop: () => undefined,
  } as unknown as TypeSupervisor;
  const activation = new Activation(supervisor, {
    id: { type: 'account', key: 'a' },
    number: 1,
    isHandedOver: false,
    type,
    place: { log: 'log', owner: 'owner', subject: (...tokens) => tokens.join('.') },
    fence: { log: 'log', subject: 'owner', sequence: 7 },
    writer: { write: () => Promise.resolve(outcome) } as unknown as FencedWriter,
    onLost: () => void losses++,
    onLeft: () => undefined,
  });
  return { activation, entity: entity as unknown as Entity, losses: () => losses };
}

it.each(['deposed', 'rolled-back'] as const)(
  'an activation whose write ends as %s has lost the entity',
  async (kind) => {
    const { entity, losses } = setup({ kind } as Awaited<ReturnType<FencedWriter['write']>>);
    expect(await entity.write({ subject: 's', payload: new Uint8Array(0) })).toEqual({ kind });
    expect(losses()).toBe(1);
  },
);

it.each(['written', 'conflict', 'unknown'] as const)(
  'an activation whose write ends as %s keeps the entity',
  async (kind) => {
    const { entity, losses } = setup({ kind } as Awaited<ReturnType<FencedWriter['write']>>);
    await entity.write({ subject: 's', payload: new Uint8Array(0) });
    expect(losses()).toBe(0);
  },
);
