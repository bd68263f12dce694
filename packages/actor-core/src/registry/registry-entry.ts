import { z } from 'zod';
import type { ActorRef } from '../actor/actor-ref.ts';
import { growing } from '../remoting/growing-tuple.ts';
import { refKey } from '../actor/ref-key.ts';
import { actorRefSchema, senderRefSchema } from '../remoting/actor-ref-schema.ts';
import { wireArray } from '../remoting/wire-array.ts';

/** A unique `name` has one holder in the cluster, a `group` any number of members. */
export type EntryKind = 'name' | 'group';

/** One actor under one key. On the wire a positional tuple that only grows. */
export type RegistryEntry = readonly [
  kind: EntryKind,
  key: string,
  ref: ActorRef<never>,
  /** Lamport time of the claim. Of two claims to a name the lower time wins, then the lower node id. */
  stamp: number,
];

export type RegistryChange = readonly [change: 'add' | 'remove', entry: RegistryEntry];

/** Messages between the registries of the nodes. Each node numbers the changes of its own entries. */
export type RegistryMessage =
  | readonly [
      kind: 'delta',
      from: ActorRef<RegistryMessage>,
      version: number,
      changes: readonly RegistryChange[],
    ]
  | readonly [kind: 'digest', from: ActorRef<RegistryMessage>, version: number]
  | readonly [kind: 'pull', from: ActorRef<RegistryMessage>]
  | readonly [
      kind: 'full',
      from: ActorRef<RegistryMessage>,
      version: number,
      entries: readonly RegistryEntry[],
    ];

/** The sending node may only tell about itself: a message changes what is known of its sender. */
const from = senderRefSchema<RegistryMessage>();
const count = z.int().min(0);
const entrySchema = growing(
  z.enum(['name', 'group']),
  z.string().min(1),
  actorRefSchema<never>(),
  z.int().min(1),
);

export const registrySchema: z.ZodType<RegistryMessage> = z.union([
  growing(z.literal('delta'), from, count, wireArray(growing(z.enum(['add', 'remove']), entrySchema))),
  growing(z.literal('digest'), from, count),
  growing(z.literal('pull'), from),
  growing(z.literal('full'), from, count, wireArray(entrySchema)),
]);

/** Key of an entry: equal for the same actor under the same key. */
export function entryId([kind, key, ref]: RegistryEntry): string {
  return `${kind}|${key}|${refKey(ref)}`;
}

/** Key under which entries are looked up. */
export function slotOf(kind: EntryKind, key: string): string {
  return `${kind}|${key}`;
}
