import { createTestNode, settle } from '@drover/actor-core/testing';
import { startPrincipalSigner } from '@drover/fleet';
import { expect, it } from 'vitest';
import { createAgentsClient } from '../client/create-agents-client.ts';
import { agentPath, type RetireReply, type TaskMessage, type TaskReply } from '../protocol/task-message.ts';
import { startTestCell } from '../testing/test-cell.ts';

const alice = { keyId: '0123456789abcdef', roles: ['user'] };
const principal = { ...alice, tenant: 'acme' };

/** A cluster with keys, and an agent of the tenant `acme`. */
async function setup() {
  const cell = await startTestCell({ hosts: ['host-1'], signs: true });
  cell.signer?.require();
  const acme = cell.client.forTenant('acme', alice);
  const agent = await cell.during(acme.spawn({ type: 'assistant' }));
  const stolen = createTestNode(cell.hub, { nodeId: 'agent-1', roles: ['node-agent'] });
  const { system } = stolen;
  const target = system.refFor<TaskMessage>(agent.node, agentPath(agent.id, agent.incarnation));
  const timeoutMs = 60_000;
  /** What the agent answers to a task that a stolen credential of a node-agent sends. */
  const give = (forged?: Partial<Extract<TaskMessage, { kind: 'task' }>>): Promise<TaskReply> =>
    cell.during(
      system.ask<TaskMessage, TaskReply>(
        target,
        (replyTo) => ({ kind: 'task', runId: 'stolen', input: 'spy', timeoutMs, replyTo, ...forged }),
        { timeoutMs },
      ),
    );
  const retire = (): Promise<RetireReply> =>
    cell.during(
      system.ask<TaskMessage, RetireReply>(target, (replyTo) => ({ kind: 'retire', forMs: 9_000, replyTo }), {
        timeoutMs: 1_000,
      }),
    );
  return { ...cell, acme, agent, stolen, give, retire };
}

const refused = {
  kind: 'settled',
  outcome: {
    status: 'failed',
    code: 'task-failed',
    message: expect.stringContaining('not-allowed') as string,
  },
};

it('asks models on behalf of the principal that gave the task, and tells what was used', async () => {
  const { acme, agent, during, fleetOf, calls, until } = await setup();
  await during(acme.task(agent.id, { input: 'one' }));
  const [call] = fleetOf('host-1').calls;
  expect(call?.request).toMatchObject({ tenant: 'acme', principal });
  const { runId } = await during(acme.submit(agent.id, { input: 'two' }));
  await until('the second call', () => calls.length === 2);
  expect(await during(acme.run(runId))).toMatchObject({ status: 'completed', output: 'two' });
  for (const used of calls) expect(used).toMatchObject({ principal, agent: agent.id, model: agent.model });
});

it('a stolen credential of a node-agent gives no agent a task and takes it from no tenant', async () => {
  const { stolen, give, retire, acme, agent, during, signer } = await setup();
  expect(await give()).toMatchObject(refused);
  // What a gateway signed for the node of the stolen credential is worth nothing elsewhere.
  expect(await give({ principal: signer?.sign(principal, 'agent-1') })).toMatchObject(refused);
  const rival = signer?.sign({ ...principal, tenant: 'rival' }, 'host-1');
  expect(await give({ principal: rival })).toMatchObject(refused);
  const own = startPrincipalSigner(stolen);
  await settle();
  const claimed = { ...own.sign(principal, 'host-1'), signer: 'gateway' };
  expect(await give({ principal: claimed })).toMatchObject(refused);
  await expect(retire()).rejects.toThrow();
  expect(await during(acme.task(agent.id, { input: 'still mine' }))).toMatchObject({ output: 'still mine' });
  own.stop();
});

it('the leader takes no agent and no run without a signature where the cluster has keys', async () => {
  const { hub, during, acme, agent } = await setup();
  const old = createTestNode(hub, { nodeId: 'gateway-2', roles: ['gateway'] });
  const unsigned = createAgentsClient(old).forTenant('acme', alice);
  await expect(during(unsigned.spawn({ type: 'assistant' }))).rejects.toMatchObject({ code: 'no-leader' });
  await expect(during(unsigned.submit(agent.id, { input: 'x' }))).rejects.toMatchObject({
    code: 'no-leader',
  });
  await expect(during(unsigned.stop(agent.id))).rejects.toMatchObject({ code: 'no-leader' });
  expect(await during(acme.get(agent.id))).toMatchObject({ status: 'ready' });
});

it('takes tasks without a signature while the cluster has no keys, as gateways of 0.3.0 give them', async () => {
  const { client, during, calls } = await startTestCell({ hosts: ['host-1'] });
  const { id } = await during(client.spawn({ type: 'assistant' }));
  expect(await during(client.task(id, { input: 'one' }))).toMatchObject({ output: 'one' });
  expect(calls).toMatchObject([{ principal: undefined, agent: id }]);
});

it('keeps who gave a run when another host goes on with it', async () => {
  const cell = await startTestCell({ hosts: ['host-1', 'host-2'], signs: true });
  const { client, during, hosts, until, fleetOf } = cell;
  const acme = client.forTenant('acme', alice);
  const { id, node } = await during(acme.spawn({ type: 'assistant' }));
  await during(acme.submit(id, { input: 'hold' }));
  await until('the call', () => fleetOf(node).calls.length === 1);
  const other = node === 'host-1' ? 'host-2' : 'host-1';
  await during(hosts.get(node)?.host.drain() ?? Promise.resolve(), 60_000);
  await until('the call on the other host', () => fleetOf(other).calls.length === 1);
  expect(fleetOf(other).calls[0]?.request).toMatchObject({ tenant: 'acme', principal });
});
