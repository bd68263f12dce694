import { silentLogger, systemClock } from '@drover/actor-core';
import { createTestHub, createTestNode } from '@drover/actor-core/testing';
import { accessKeyText } from '../keys/access-key.ts';
import { createKey, type KeySpec } from '../keys/change-key.ts';
import { type FollowedKeys, followKeys } from '../keys/follow-keys.ts';
import { keyStoreOf } from '../keys/key-store.ts';

/** Keys for a gateway under test, in a store of their own, and the text of each key by its name. */
export interface TestKeys<Name extends string> {
  readonly keys: FollowedKeys;
  readonly texts: Readonly<Record<Name, string>>;
  readonly close: () => void;
}

export async function createTestKeys<Name extends string>(
  specs: Readonly<Record<Name, KeySpec>>,
): Promise<TestKeys<Name>> {
  const node = createTestNode(createTestHub({ clock: systemClock }), { nodeId: 'keys', roles: ['host'] });
  const keys = followKeys({ store: keyStoreOf(node), clock: node.clock, log: silentLogger });
  await keys.known;
  const texts: Partial<Record<Name, string>> = {};
  for (const name of Object.keys(specs) as Name[]) {
    const { record, key } = createKey({ name, ...specs[name] }, node.clock.wallNow());
    keys.ring.take(await keys.store.put(record));
    texts[name] = accessKeyText(key);
  }
  return {
    keys,
    texts: texts as Record<Name, string>,
    close: () => keys.close(),
  };
}
