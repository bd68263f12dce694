import { type ActorRef, props, receive, setup, silentLogger } from '@drover/actor-core';
import {
  type GroupChange,
  joinCluster,
  type NameChange,
  startRegistry,
  tellGroupChanges,
  tellNameChanges,
} from '@drover/actor-core/cluster';
import { z } from 'zod';

const join = (nodeId: string) =>
  joinCluster({
    nodeId,
    incarnation: Date.now(),
    roles: ['host'],
    cell: 'example-registry',
    nats: { servers: '127.0.0.1:4222' },
    pid: process.pid,
    log: silentLogger,
  });
const [north, south] = await Promise.all([join('north'), join('south')]);
const [inNorth, inSouth] = [startRegistry(north), startRegistry(south)];

/** Lines that were printed and that nothing has waited for yet. */
const lines: string[] = [];
let wake = () => {};
const say = (line: string) => {
  console.log(line);
  lines.push(line);
  wake();
};
/** Resolves when that line has been printed; forgets that line and all before it. */
async function until(line: string): Promise<void> {
  while (!lines.includes(line)) await new Promise<void>((resolve) => (wake = resolve));
  lines.splice(0, lines.indexOf(line) + 1);
}

type Change = NameChange<string> | GroupChange<string>;
const pathsOf = (refs: readonly ActorRef<never>[]) =>
  refs.map(({ address }) => `${address.node}/${address.path}`);
const observer = props<Change>(() =>
  setup((context) => {
    tellNameChanges(inSouth, 'boss', context.self);
    tellGroupChanges(inSouth, 'pool', context.self);
    return receive((change) => {
      const line =
        change.type === 'name-changed'
          ? `boss: ${pathsOf(change.holder === undefined ? [] : [change.holder]).join() || 'nobody'}`
          : `pool: ${pathsOf(change.members).join(', ') || 'nobody'}`;
      say(line);
    });
  }),
);
south.system.spawn(observer, 'observer');
await until('pool: nobody');

const worker = props<string>(() => receive((text) => say(`the boss hears ${text}`)), {
  protocol: z.string(),
});
const ada = north.system.spawn(worker, 'ada');
inNorth.register('boss', ada);
await until('boss: north/ada');
inNorth.join('pool', ada);
await until('pool: north/ada');

try {
  inSouth.register('boss', south.system.spawn(worker, 'bob'));
} catch (error) {
  say((error as { code: string }).code);
}
inSouth.find<string>('boss')?.tell('a word from the south');
await until('the boss hears a word from the south');

// An actor that ends is removed from the registry automatically.
await north.system.stop(ada);
await until('pool: nobody');
await Promise.all([north.leave(), south.leave()]);

/* prints
boss: nobody
pool: nobody
boss: north/ada
pool: north/ada
name-taken
the boss hears a word from the south
boss: nobody
pool: nobody
*/
