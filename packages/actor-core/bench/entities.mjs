// Entities of two nodes in one process, on a real nats-server: activations, questions, and a drain.
// Run: node packages/actor-core/bench/entities.mjs
import { receive, silentLogger } from '@drover/actor-core';
import { actorRefSchema, defineEntity, joinCluster, startEntities } from '@drover/actor-core/cluster';
import { startNatsServer } from '@drover/actor-core/testing';
import { z } from 'zod';

const total = 4_000;
const atOnce = 64;
const server = await startNatsServer();

async function start(nodeId) {
  const node = await joinCluster({
    nodeId,
    incarnation: Date.now(),
    roles: ['host'],
    cell: 'bench',
    nats: { servers: server.url },
    pid: process.pid,
    log: silentLogger,
  });
  const kind = defineEntity({
    type: 'counter',
    protocol: z.object({ replyTo: actorRefSchema() }),
    behaviour: () => {
      let count = 0;
      return receive(({ replyTo }) => replyTo.tell(++count));
    },
  });
  return { node, kind, entities: startEntities(node, { types: [kind] }) };
}

const ask = ({ entities, kind }, key) =>
  entities.ref(kind, key).ask((replyTo) => ({ replyTo }), { timeoutMs: 30_000 });
const activeOn = ({ entities, kind }) => entities.active(kind);

async function measure(name, operations, operation) {
  const beganAt = performance.now();
  let next = 0;
  const work = async () => {
    while (next < operations) await operation(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const seconds = (performance.now() - beganAt) / 1_000;
  console.log(
    `${name.padEnd(40)} ${Math.round(operations / seconds)
      .toLocaleString('en')
      .padStart(10)} /s`,
  );
}

const [near, far] = [await start('near'), await start('far')];
// Until each node has heard which types the other one holds.
await new Promise((resolve) => setTimeout(resolve, 1_500));

await measure(`activations, ${atOnce} at once`, total, (index) => ask(near, `k${index}`));
const [here, there] = [activeOn(near), activeOn(far)];
await measure(`questions on this node, ${atOnce} at once`, 200_000, (index) =>
  ask(near, here[index % here.length]),
);
await measure(`questions to the other node, ${atOnce} at once`, 50_000, (index) =>
  ask(near, there[index % there.length]),
);
const beganAt = performance.now();
await far.entities.drain();
console.log(`drain of ${there.length} entities: ${Math.round(performance.now() - beganAt)} ms`);

await Promise.all([near.node.leave(), far.node.leave()]);
await server.dispose();
