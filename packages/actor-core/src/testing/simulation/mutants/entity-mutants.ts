import type { Mutant } from '../mutant.ts';

/** Bugs in entities. */
export const entityMutants: readonly Mutant[] = [
  {
    name: 'entity-writes-without-fence',
    scenario: 'entities',
    bug: 'a write of an entity is accepted although another activation owns the entity',
    file: 'fence/fenced-writer.ts',
    find: 'const outcome = await this.#writer.write(fence.log, record, expectationOf(fence));',
    replace: 'const outcome = await this.#writer.write(fence.log, record);',
  },
  {
    name: 'entity-activated-without-fence',
    scenario: 'entities',
    bug: 'an entity is activated with the fence of the owner that it replaces',
    file: 'entities/entity-store.ts',
    find: "    if (seen.record?.state === 'removed') await",
    replace:
      "    if (seen.record?.state === 'active' && seen.sequence > 0) return { log: place.log, subject: place.owner, sequence: seen.sequence };\n    if (seen.record?.state === 'removed') await",
  },
  {
    name: 'entity-drops-its-mailbox',
    scenario: 'entities',
    bug: 'messages in the mailbox of an entity are lost when the entity is passivated or moved',
    file: 'entities/activation.ts',
    find: '    handBackTo(this.ref, parts.onLeft);\n',
    replace: '',
  },
  {
    name: 'entity-drops-what-waits',
    scenario: 'entities',
    bug: 'messages that came while an entity stopped are not forwarded to its new owner',
    file: 'entities/entity-host.ts',
    find: 'others.forward(node, slot, message);',
    replace: '{ void others; }',
  },
  {
    name: 'entity-not-remembered',
    scenario: 'entities',
    bug: 'remembered entities of a lost node stay down until a message comes',
    file: 'entities/entity-upkeep.ts',
    find: 'if (started.type.remember) await this.#rememberType(started);',
    replace: 'void started;',
  },
  {
    name: 'entity-of-a-dead-node-lost',
    scenario: 'entities',
    bug: 'an entity whose owner has ended waits for it for ever',
    file: 'entities/entity-placement.ts',
    find: "return isAhead ? { kind: 'other', node, isReachable: false } : { kind: 'free' };",
    replace:
      "return isAhead || view.epoch >= 0 ? { kind: 'other', node, isReachable: false } : { kind: 'free' };",
  },
];
