import { type Logger, silentLogger, systemClock } from '@drover/actor-core';
import {
  type ClusterNode,
  createSubjects,
  joinCluster,
  permissionsOf,
  type Role,
} from '@drover/actor-core/cluster';
import { type NatsServer, startNatsServer, waitUntil } from '@drover/actor-core/testing';
import { scriptedFleet } from '@drover/fleet/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAgentsClient, type OwnedAgentsClient } from '../client/create-agents-client.ts';
import { agentsGroup } from '../protocol/limits.ts';
import { managerPath } from '../protocol/manager-message.ts';
import { directoryPath } from '../protocol/directory-message.ts';
import { type AgentHost, startAgentHost } from './start-agent-host.ts';

const roles: Record<string, Role> = { 'gateway-1': 'gateway', 'agent-1': 'node-agent', 'host-1': 'host' };
const subjects = createSubjects('test');
const nodes = new Map<string, ClusterNode>();
const complaints: string[] = [];
const log: Logger = {
  ...silentLogger,
  warn: (fields) => void complaints.push(String((fields as { err?: unknown }).err)),
};
let server: NatsServer;
let host: AgentHost;
let client: OwnedAgentsClient;

const at = (nodeId: string): ClusterNode => nodes.get(nodeId) as ClusterNode;

beforeAll(async () => {
  const users = Object.entries(roles).map(([user, role]) => ({
    user,
    password: user,
    permissions: permissionsOf(subjects, user, [role], { groups: [agentsGroup] }),
  }));
  server = await startNatsServer({ configuration: `authorization { users: ${JSON.stringify(users)} }` });
  for (const [nodeId, role] of Object.entries(roles)) {
    const nats = { servers: server.url, user: nodeId, pass: nodeId };
    const who = { nodeId, incarnation: systemClock.wallNow(), roles: [role], cell: 'test', pid: process.pid };
    nodes.set(nodeId, await joinCluster({ ...who, nats, log }));
  }
  const fleet = scriptedFleet();
  fleet.mode = 'echo';
  host = await startAgentHost(at('host-1'), fleet);
  client = createAgentsClient(at('gateway-1'));
});

afterAll(async () => {
  await client.close();
  await host.stop();
  await Promise.all([...nodes.values()].map((node) => node.leave()));
  await server.dispose();
});

it('a stolen credential of a node-agent can neither move nor stop an agent', async () => {
  const { id } = await client.spawn({ type: 'assistant' });
  const thief = at('agent-1').system;
  const replyTo = thief.refFor<never>('agent-1', 'nobody');
  const manager = thief.refFor<object>('host-1', managerPath);
  const directory = thief.refFor<object>('host-1', directoryPath);
  const fence = Number.MAX_SAFE_INTEGER;
  const entities = thief.refFor<readonly unknown[]>('host-1', 'entities');
  const before = complaints.length;
  for (const lane of ['data', 'control', 'request', 'order'] as const) {
    manager.tell({ kind: 'survey', survey: 1, term: 1, fence, replyTo }, { lane });
    manager.tell({ kind: 'deactivate', id, incarnation: 9, final: true, term: 1, fence, replyTo }, { lane });
    directory.tell({ kind: 'stop', id, replyTo }, { lane });
    entities.tell(['taken', 'agent', id, fence], { lane });
    entities.tell(['intend', 'remove', 'agent', id, 0, null], { lane });
  }
  // NATS refuses the lanes of other roles, and the receivers refuse the lanes that every role may use.
  await waitUntil('NATS refuses the lanes of other roles', () => complaints.length >= before + 2);
  await waitUntil(
    'the host refuses the messages on the other lanes',
    () => at('host-1').system.counters().deadLetters['not-allowed'] >= 6,
  );
  expect(complaints.slice(before).join(' ')).toContain('Permissions Violation');
  expect(await client.task(id, { input: 'still here' })).toMatchObject({ output: 'still here' });
  expect(await client.get(id)).toMatchObject({ status: 'ready', node: 'host-1', incarnation: 1 });
  // The real leader is still obeyed.
  expect(await client.spawn({ type: 'assistant' })).toMatchObject({ status: 'ready' });
});
