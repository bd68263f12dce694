import { silentLogger, systemClock } from '@drover/actor-core';
import { type ClusterNode, joinCluster, type Role } from '@drover/actor-core/cluster';
import { type NatsServer, startNatsServer, waitUntil } from '@drover/actor-core/testing';
import { createFleetClient, type FleetClient, leastPayloadBytes } from '@drover/fleet';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type NodeAgent, startNodeAgent } from './node-agent.ts';
import { type FakeOllama, startFakeOllama } from './testing/fake-ollama.ts';

const models = Array.from({ length: 1_000 }, (_, index) => `model-${index}:latest`);
const longLine = JSON.stringify({ message: { content: 'y'.repeat(300_000) }, done: false });
let server: NatsServer;
let ollama: FakeOllama;
let agent: NodeAgent;
let fleet: FleetClient;
const nodes: ClusterNode[] = [];
/** Largest message that a node tried to send, as far as the bus refused it. */
const refused: unknown[] = [];

async function join(nodeId: string, role: Role): Promise<ClusterNode> {
  const log = { ...silentLogger, error: (fields: object) => void refused.push(fields) };
  const who = { nodeId, incarnation: systemClock.wallNow(), roles: [role], cell: 'test', pid: process.pid };
  const node = await joinCluster({ ...who, nats: { servers: server.url }, log });
  nodes.push(node);
  return node;
}

beforeAll(async () => {
  server = await startNatsServer({ configuration: `max_payload: ${leastPayloadBytes}` });
  ollama = await startFakeOllama(({ response }) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.end(`${longLine}\n{"done":true}\n`);
  }, models);
  const gateway = await join('gateway', 'gateway');
  fleet = createFleetClient(gateway);
  agent = await startNodeAgent(await join('agent', 'node-agent'), {
    instances: [{ name: 'one', url: ollama.url }],
  });
  await waitUntil(
    'the report of all models is there',
    () => fleet.load.modelNames().length === models.length,
  );
});

afterAll(async () => {
  await fleet.stop();
  await agent.stop();
  for (const node of nodes) await node.leave();
  await ollama.close();
  await server.dispose();
});

it('carries a prompt of 1 MB and a line of 300 KB over a NATS whose messages have 64 KiB', async () => {
  const body = Buffer.from(JSON.stringify({ model: 'model-7', prompt: 'x'.repeat(1_000_000) }));
  const call = fleet.run(
    { requestId: 'r', route: 'generate', model: 'model-7', body, timeoutMs: 20_000 },
    new AbortController().signal,
  );
  expect(await call.head).toMatchObject({ status: 200, node: 'agent' });
  const lines: string[] = [];
  for await (const batch of call.lines) lines.push(...batch);
  expect(lines).toEqual([longLine, '{"done":true}']);
  expect(ollama.exchanges.at(-1)?.body.length).toBe(body.byteLength);
});

it('lists a thousand models, in load reports and in model listings, page by page', async () => {
  expect(fleet.load.modelNames()).toEqual(models.toSorted());
  const [listing] = await fleet.describe();
  expect(listing?.tags.map(({ name }) => name)).toEqual(models);
  for (const node of nodes) expect(node.system.counters().deadLetters['too-large']).toBe(0);
  expect(refused).toEqual([]);
});
