import { type ActorRef, receive, silentLogger } from '@drover/actor-core';
import {
  actorRefSchema,
  defineEntity,
  joinCluster,
  startEntities,
  startSingleton,
} from '@drover/actor-core/cluster';
import { journalled } from '@drover/actor-core/durable';
import { z } from 'zod';

const join = (nodeId: string) =>
  joinCluster({
    nodeId,
    incarnation: Date.now(),
    roles: ['host'],
    cell: 'example-entities',
    nats: { servers: '127.0.0.1:4222' },
    pid: process.pid,
    log: silentLogger,
  });

interface Deposit {
  readonly amount: number;
  readonly replyTo: ActorRef<{ readonly balance: number; readonly node: string }>;
}
const deposit: z.ZodType<Deposit> = z.object({ amount: z.number(), replyTo: actorRefSchema() });

/** An account is an entity whose state is a journal under the fence of the activation. */
async function start(nodeId: string) {
  const node = await join(nodeId);
  const account = defineEntity<Deposit>({
    type: 'account',
    protocol: deposit,
    behaviour: (entity) =>
      journalled(
        {
          state: { schema: z.number(), initial: 0 },
          events: { deposited: { schema: z.object({ amount: z.number() }) } },
          apply: (balance, { amount }) => balance + amount,
          decide: (_balance, { amount, replyTo }) => ({
            events: [{ type: 'deposited' as const, amount }],
            afterwards: (balance) => replyTo.tell({ balance, node: nodeId }),
          }),
        },
        { storage: node.storage, owner: entity },
      ),
  });
  return { node, account, entities: startEntities(node, { types: [account] }) };
}

const north = await start('north');
const ofAlice = north.entities.ref(north.account, 'alice');
const pay = (amount: number) =>
  ofAlice.ask<{ balance: number; node: string }>((replyTo) => ({ amount, replyTo }), { timeoutMs: 5_000 });
console.log('first deposit:', await pay(100));

// Another node takes the account, with its state and with the messages that come meanwhile.
const south = await start('south');
while (!north.node.presence.members().some(({ node }) => node === 'south'))
  await new Promise((resolve) => setTimeout(resolve, 10));
await north.entities.drain();
console.log('after the drain:', await pay(20));

// One actor in the cluster. A node that drains, as north, does not get it.
const reporter = startSingleton<{ replyTo: ActorRef<string> }>(south.node, {
  name: 'reporter',
  protocol: z.object({ replyTo: actorRefSchema() }),
  behaviour: ({ activation }) =>
    receive(({ replyTo }) => replyTo.tell(`activation ${activation} of the reporter`)),
});
console.log(await reporter.ask<string>((replyTo) => ({ replyTo }), { timeoutMs: 5_000 }));

await Promise.all([north.node.leave(), south.node.leave()]);

/* prints
first deposit: { balance: 100, node: 'north' }
after the drain: { balance: 120, node: 'south' }
activation 1 of the reporter
*/
