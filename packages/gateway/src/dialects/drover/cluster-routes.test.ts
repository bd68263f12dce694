import { startControl } from '@drover/actor-core/cluster';
import { createTestNode, waitUntil } from '@drover/actor-core/testing';
import { expect, it } from 'vitest';
import { type ScriptedGateway, startScriptedGateway } from '../../testing/scripted-gateway.ts';

/** A gateway beside a host that controls the cluster, both in the view. */
async function setup() {
  const gateway = await startScriptedGateway();
  const host = createTestNode(gateway.hub, { nodeId: 'h', metadata: { version: '1.0.0', zone: 'z' } });
  const control = startControl(host);
  await waitUntil('the view lists both', () => gateway.node.view.current()?.members.length === 2);
  return {
    gateway,
    host,
    control,
    [Symbol.asyncDispose]: async () => {
      await host.leave();
      await gateway[Symbol.asyncDispose]();
    },
  };
}

async function json(gateway: ScriptedGateway, path: string): Promise<unknown> {
  return (await fetch(gateway.url + path)).json();
}

it('shows the view with what is heard of each member', async () => {
  await using kit = await setup();
  const report = await json(kit.gateway, '/api/v1/cluster/members');
  expect(report).toMatchObject({
    epoch: kit.gateway.node.view.current()?.epoch,
    control: { name: 'control', leader: 'h', state: 'led' },
    members: [
      { id: 'gw', state: 'up', roles: ['gateway'], evidence: 'alive' },
      { id: 'h', incarnation: 1, state: 'up', version: '1.0.0', zone: 'z', evidence: 'alive' },
    ],
  });
  expect(await json(kit.gateway, '/api/v1/status')).toMatchObject({
    view: {
      members: [
        { id: 'gw', incarnation: 1, state: 'up' },
        { id: 'h', incarnation: 1, state: 'up' },
      ],
    },
    groups: [{ name: 'control', leader: 'h', state: 'led' }],
  });
});

it('has a node drain or leave, and answers with the state that the view has then', async () => {
  await using kit = await setup();
  const drained = await kit.gateway.post('/api/v1/cluster/members/gw/drain', '');
  expect([drained.status, await drained.json()]).toMatchObject([202, { node: 'gw', state: 'draining' }]);
  const left = await kit.gateway.post('/api/v1/cluster/members/gw/leave', '');
  expect([left.status, await left.json()]).toMatchObject([202, { node: 'gw', state: 'leaving' }]);
});

it('refuses for an unknown node and for one that has ended', async () => {
  await using kit = await setup();
  const unknown = await kit.gateway.post('/api/v1/cluster/members/nobody/drain', '');
  expect([unknown.status, await unknown.json()]).toMatchObject([404, { error: { code: 'node-not-found' } }]);
  const other = createTestNode(kit.gateway.hub, { nodeId: 'x' });
  await waitUntil('the view lists it', () => kit.gateway.node.view.member('x')?.state === 'up');
  await other.leave();
  await waitUntil('the view says that it left', () => kit.gateway.node.view.member('x')?.state === 'left');
  const ended = await kit.gateway.post('/api/v1/cluster/members/x/leave', '');
  expect([ended.status, await ended.json()]).toMatchObject([409, { error: { code: 'node-ended' } }]);
});

it('reports that no control leader is known, without a view', async () => {
  await using gateway = await startScriptedGateway();
  const drained = await gateway.post('/api/v1/cluster/members/gw/drain', '');
  expect([drained.status, await drained.json()]).toMatchObject([503, { error: { code: 'no-leader' } }]);
  expect(await json(gateway, '/api/v1/cluster/members')).toEqual({
    epoch: 0,
    control: { name: 'control', state: 'vacant' },
    members: [],
  });
  expect(await json(gateway, '/api/v1/status')).not.toHaveProperty('view');
});
