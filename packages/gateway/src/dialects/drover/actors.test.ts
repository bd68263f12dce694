import { props, receive, systemClock } from '@drover/actor-core';
import { createTestHub, createTestNode } from '@drover/actor-core/testing';
import { it, expect } from 'vitest';
import { startGateway } from '../../gateway.ts';
import { noAgents } from '../../testing/no-agents.ts';
import { oneHostFleet } from '../../testing/scripted-fleet.ts';
import { startScriptedGateway } from '../../testing/scripted-gateway.ts';
import { until } from '../../testing/until.ts';
import type { ActorsReport } from './actors.ts';
import { readActorsQuery } from './actors-query.ts';

const idle = props<string>(() => receive(() => undefined));
const touchy = props<string>(
  () =>
    receive((message) => {
      throw new Error(message);
    }),
  { restart: 'permanent' },
);

/** A gateway and two more nodes on one bus. */
async function startThree() {
  const hub = createTestHub({ clock: systemClock });
  const [gw, one, two] = ['gw', 'one', 'two'].map((nodeId) => createTestNode(hub, { nodeId })) as [
    ReturnType<typeof createTestNode>,
    ReturnType<typeof createTestNode>,
    ReturnType<typeof createTestNode>,
  ];
  await until(() => gw.presence.members().length === 3, 'all see each other');
  const options = { port: 0, agents: noAgents, fleet: oneHostFleet(), inspectTimeoutMs: 1_000 };
  const gateway = await startGateway(gw, options);
  return {
    one,
    two,
    get: async (query = '') => fetch(`${gateway.url}/api/v1/actors${query}`),
    [Symbol.asyncDispose]: async (): Promise<void> => {
      await gateway.stop({ drainTimeoutMs: 0 });
      for (const node of [one, two, gw]) await node.leave();
    },
  };
}

it('shows the actors of every node, or the reason why a node shows none', async () => {
  await using setup = await startThree();
  setup.one.system.spawn(touchy, 'touchy').tell('ouch');
  setup.two.crash();
  await until(() => setup.one.system.inspect()[0]?.lastFailure !== undefined, 'the failure');
  const response = await setup.get();
  expect(response.status).toBe(200);
  const { nodes } = (await response.json()) as ActorsReport;
  expect(nodes.map(({ id, silence }) => [id, silence?.code])).toEqual([
    ['gw', undefined],
    ['one', undefined],
    ['two', 'not-there'],
  ]);
  expect(nodes[1]).toMatchObject({
    role: 'host',
    pid: 1,
    state: 'alive',
    incarnation: 1,
    total: 1,
    leftOut: 0,
  });
  expect(nodes[1]?.actors[0]).toMatchObject({
    path: 'touchy',
    parent: null,
    mailboxDepth: 0,
    mailboxCapacity: 1_000,
    messagesPerSecond: expect.any(Number),
    lastFailure: { code: 'Error', message: 'Error: ouch', at: expect.stringMatching(/^20.*Z$/) },
  });
  expect(nodes[2]).toMatchObject({ uptimeMs: null, total: 0, actors: [] });
});

it('filters by node and path and limits the number', async () => {
  await using setup = await startThree();
  for (const name of ['a1', 'a2', 'b']) setup.one.system.spawn(idle, name);
  const { nodes } = (await (await setup.get('?node=one&path=a&limit=1')).json()) as ActorsReport;
  expect(nodes).toMatchObject([{ id: 'one', total: 2, leftOut: 1, actors: [{ path: 'a1' }] }]);
});

it.each([
  ['?limit=0', 'limit'],
  ['?limit=1001', 'limit'],
  ['?limit=ten', 'limit'],
  ['?limit=', 'limit'],
  ['?limit=1&limit=2', 'limit'],
  ['?node=', 'node'],
  ['?node=No.De', 'node'],
  [`?path=${'x'.repeat(1_025)}`, 'path'],
  ['?nodes=one', 'nodes'],
])('names the invalid parameter: %s', async (query, field) => {
  await using setup = await startScriptedGateway();
  const response = await fetch(`${setup.url}/api/v1/actors${query}`);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    error: { code: 'invalid-input', field, requestId: response.headers.get('x-drover-request-id') },
  });
});

it('answers 404 for an unknown node, with the names of the known nodes', async () => {
  await using setup = await startScriptedGateway();
  const response = await fetch(`${setup.url}/api/v1/actors?node=nobody`);
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({
    error: { code: 'node-not-found', field: 'node', message: 'no node is called nobody; known nodes are gw' },
  });
});

it('answers 503 if more than 16 requests run at once', async () => {
  await using setup = await startScriptedGateway();
  setup.node.system.spawn(idle, 'a');
  const looks = Array.from({ length: 40 }, () => fetch(`${setup.url}/api/v1/actors`));
  const statuses = (await Promise.all(looks)).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([200, 503]));
});

it('matches all actors, at most 200 of each node, by default', () => {
  expect(readActorsQuery('')).toEqual({ node: undefined, path: '', limit: 200 });
});
