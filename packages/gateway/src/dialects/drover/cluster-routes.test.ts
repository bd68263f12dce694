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
    groups: [{ name: 'control', leader: 'h', term: 1, state: 'led' }],
  });
});

it('shows and changes the voters, and says why a change is refused', async () => {
  await using kit = await setup();
  const { gateway } = kit;
  const other = createTestNode(gateway.hub, { nodeId: 'i' });
  const second = startControl(other);
  await waitUntil('the view lists it', () => gateway.node.view.member('i')?.state === 'up');
  const change = async (method: string, node: string) => {
    const answer = await fetch(`${gateway.url}/api/v1/cluster/voters/${node}`, { method });
    return [answer.status, await answer.json()];
  };
  expect(await change('DELETE', 'h')).toMatchObject([409, { error: { code: 'last-voter', field: 'node' } }]);
  expect(await change('PUT', 'gw')).toMatchObject([409, { error: { code: 'not-eligible' } }]);
  expect(await change('PUT', 'i')).toMatchObject([200, { voters: [{ node: 'h' }, { node: 'i' }] }]);
  expect(await json(gateway, '/api/v1/cluster/voters')).toMatchObject({
    voters: [
      { node: 'h', evidence: 'alive' },
      { node: 'i', evidence: 'alive' },
    ],
    quorum: 2,
    alive: 2,
  });
  const moved = await gateway.post('/api/v1/cluster/groups/control/transfer', { to: 'i' });
  expect([moved.status, await moved.json()]).toEqual([200, { group: 'control', leader: 'i', from: 'h' }]);
  await waitUntil('the gateway hears it', () => gateway.node.view.controlLeader()?.node === 'i');
  expect(await json(gateway, '/api/v1/cluster/groups')).toMatchObject({
    groups: [{ name: 'control', leader: 'i', term: 2, state: 'led' }],
  });
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  expect(metrics).toContain('drover_leader_info{group="control",node="i"} 1');
  expect(metrics).toContain('drover_elections_total{group="control"} 2');
  expect(metrics).toContain('drover_members{state="up"} 3');
  await second.stop();
  await other.leave();
});

it('refuses to hand over an unknown group, and a group that only one node can lead', async () => {
  await using kit = await setup();
  const ask = async (group: string, body: object) => {
    const answer = await kit.gateway.post(`/api/v1/cluster/groups/${group}/transfer`, body);
    return [answer.status, await answer.json()];
  };
  expect(await ask('quota', {})).toMatchObject([404, { error: { code: 'group-not-found' } }]);
  expect(await ask('control', {})).toMatchObject([409, { error: { code: 'no-candidate' } }]);
  expect(await ask('control', { to: 'gw' })).toMatchObject([409, { error: { code: 'not-a-candidate' } }]);
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
