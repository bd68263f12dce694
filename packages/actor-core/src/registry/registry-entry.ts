import { z } from 'zod';
import type { ActorRef } from '../actor/actor-ref.ts';
import { growing } from '../remoting/growing-tuple.ts';
import { refKey } from '../actor/ref-key.ts';
import { actorRefSchema, senderRefSchema } from '../remoting/actor-ref-schema.ts';
import { wireArray } from '../remoting/wire-array.ts';

/** A unique `name` has one holder in the cluster, a `group` any number. */
export type EntryKind = 'name' | 'group';

/** One actor under one key. Positional on the wire, and only growing. */
export type RegistryEntry = readonly [
  kind: EntryKind,
  key: string,
  ref: ActorRef<never>,
  /** Lamport time of the claim: of two claims to a name the lower one holds, then the lower node id. */
  stamp: number,
];

export type RegistryChange = readonly [change: 'add' | 'remove', entry: RegistryEntry];

/** What the registries of the nodes tell each other. Each node numbers the changes of its own entries. */
export type RegistryWord =
  | readonly [
      kind: 'delta',
      from: ActorRef<RegistryWord>,
      version: number,
      changes: readonly RegistryChange[],
    ]
  | readonly [kind: 'digest', from: ActorRef<RegistryWord>, version: number]
  | readonly [kind: 'pull', from: ActorRef<RegistryWord>]
  | readonly [kind: 'full', from: ActorRef<RegistryWord>, version: number, entries: readonly RegistryEntry[]];

/** Of the node that says it, and no other: a word changes what is known of that node. */
const from = senderRefSchema<RegistryWord>();
const count = z.int().min(0);
const entrySchema = growing(
  z.enum(['name', 'group']),
  z.string().min(1),
  actorRefSchema<never>(),
  z.int().min(1),
);

export const registrySchema: z.ZodType<RegistryWord> = z.union([
  growing(z.literal('delta'), from, count, wireArray(growing(z.enum(['add', 'remove']), entrySchema))),
  growing(z.literal('digest'), from, count),
  growing(z.literal('pull'), from),
  growing(z.literal('full'), from, count, wireArray(entrySchema)),
]);

/** Equal for equal actors under equal keys. */
export function entryId([kind, key, ref]: RegistryEntry): string {
  return `${kind}|${key}|${refKey(ref)}`;
}

/** Under which an entry is looked up. */
export function slotOf(kind: EntryKind, key: string): string {
  return `${kind}|${key}`;
}
