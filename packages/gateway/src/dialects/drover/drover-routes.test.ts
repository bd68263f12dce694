import { type AgentsClient, AgentsError, type AgentView, type TaskEvent } from '@drover/agents';
import { it, expect } from 'vitest';
import { noAgents } from '../../testing/no-agents.ts';
import { modelLoad } from '@drover/fleet/testing';
import { evidenceOf } from '../../testing/scripted-fleet.ts';
import { startScriptedGateway } from '../../testing/scripted-gateway.ts';
import { decideReadiness } from './readiness.ts';
import { statusOf } from './status.ts';

const view: AgentView = {
  id: 'a1',
  type: 'helper',
  name: 'helper',
  model: 'm',
  status: 'ready',
  node: 'host-1',
  incarnation: 1,
  createdAt: '2026-01-01T00:00:00Z',
};
const result = {
  runId: 'r1',
  status: 'completed',
  output: 'hello',
  usage: { promptTokens: 1, completionTokens: 2, durationMs: 3 },
  node: 'host-1',
} as const;

function agentsWith(part: Partial<AgentsClient>): AgentsClient {
  return { ...noAgents, ...part };
}

it('spawns an agent with 201, a Location header and the idempotency key', async () => {
  const seen: unknown[] = [];
  const agents = agentsWith({
    spawn: async (request) => {
      seen.push(request);
      return view;
    },
  });
  await using setup = await startScriptedGateway({ agents });
  const response = await setup.post(
    '/api/v1/agents/spawn',
    { type: 'helper' },
    { headers: { 'Idempotency-Key': 'k1' } },
  );
  expect(response.status).toBe(201);
  expect(response.headers.get('location')).toBe('/api/v1/agents/a1');
  expect(await response.json()).toEqual(view);
  expect(seen).toEqual([{ type: 'helper', idempotencyKey: 'k1' }]);
});

it.each([
  ['/api/v1/agents/spawn', '{"type":5}', 'type'],
  ['/api/v1/agents/spawn', '{}', 'type'],
  ['/api/v1/agents/spawn', '{"type":"x","nosuch":1}', 'nosuch'],
  ['/api/v1/agents/a1/task', '{"input":"x","mode":"later"}', 'mode'],
  ['/api/v1/agents/a1/task', '{"input":"x","timeoutMs":-1}', 'timeoutMs'],
  ['/api/v1/agents/a1/task', '{"input":""}', 'input'],
])('names the invalid field: %s %s', async (path, body, field) => {
  await using setup = await startScriptedGateway();
  const response = await setup.post(path, body);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    error: { code: 'invalid-input', field, requestId: response.headers.get('x-drover-request-id') },
  });
});

it('reports the error in a body that is not JSON', async () => {
  await using setup = await startScriptedGateway();
  const response = await setup.post('/api/v1/agents/spawn', '{bad');
  expect(await response.json()).toMatchObject({ error: { code: 'invalid-json' } });
});

it.each([
  ['unknown-agent-type', 400],
  ['agent-not-found', 404],
  ['idempotency-conflict', 409],
  ['agent-lost', 503],
  ['deadline', 504],
  ['task-failed', 502],
] as const)('answers an agent’s %s with %i', async (code, status) => {
  const task = (): Promise<never> =>
    Promise.reject(new AgentsError(code, 'what happened', { retryAfterMs: 3_000 }));
  await using setup = await startScriptedGateway({ agents: agentsWith({ task }) });
  for (const mode of ['sync', 'stream']) {
    const response = await setup.post('/api/v1/agents/a1/task', { input: 'x', mode });
    expect(response.status).toBe(status);
    expect(response.headers.get('retry-after')).toBe(status === 503 ? '3' : null);
    expect(await response.json()).toMatchObject({ error: { code, message: 'what happened' } });
  }
});

it('answers a task with its result, with the id of its run, or as events', async () => {
  const agents = agentsWith({
    submit: async () => ({ runId: 'r2' }),
    task: async (_id, _request, options) => {
      const events: TaskEvent[] = [
        { type: 'started', runId: 'r1', node: 'host-1' },
        { type: 'token', runId: 'r1', text: 'hel' },
        { type: 'token', runId: 'r1', text: 'lo' },
      ];
      for (const event of events) options?.onEvent?.(event);
      return result;
    },
  });
  await using setup = await startScriptedGateway({ agents });
  const ask = (mode?: string): Promise<Response> =>
    setup.post('/api/v1/agents/a1/task', { input: 'x', ...(mode && { mode }) });
  const sync = await ask();
  expect([sync.status, sync.headers.get('x-drover-node'), await sync.json()]).toEqual([
    200,
    'host-1',
    result,
  ]);
  const later = await ask('async');
  expect([later.status, await later.json()]).toEqual([202, { runId: 'r2' }]);
  const stream = await ask('stream');
  expect(stream.headers.get('content-type')).toBe('text/event-stream');
  expect((await stream.text()).split('\n\n').slice(0, -1)).toEqual([
    'event: started\ndata: {"runId":"r1","node":"host-1"}',
    'event: token\ndata: {"runId":"r1","text":"hel"}',
    'event: token\ndata: {"runId":"r1","text":"lo"}',
    `event: completed\ndata: ${JSON.stringify(result)}`,
  ]);
});

it('ends the events of a task that fails after its first event with the failure', async () => {
  const agents = agentsWith({
    task: async (_id, _request, options) => {
      options?.onEvent?.({ type: 'started', runId: 'r1', node: 'host-1' });
      throw new AgentsError('agent-lost', 'its node died');
    },
  });
  await using setup = await startScriptedGateway({ agents });
  const response = await setup.post('/api/v1/agents/a1/task', { input: 'x', mode: 'stream' });
  expect(response.status).toBe(200);
  expect(await response.text()).toMatch(
    /event: failed\ndata: \{"error":\{"code":"agent-lost","message":"its node died","requestId":"[^"]+"\}\}\n\n$/,
  );
});

it('cancels the task when its client disconnects', async () => {
  const { promise, resolve } = Promise.withResolvers<AbortSignal>();
  const agents = agentsWith({
    task: (_id, _request, options) =>
      new Promise((_, reject) => {
        const signal = options?.signal;
        if (signal) resolve(signal);
        signal?.addEventListener('abort', () => reject(new AgentsError('cancelled', 'cancelled')));
      }),
  });
  await using setup = await startScriptedGateway({ agents });
  const client = new AbortController();
  setup.post('/api/v1/agents/a1/task', { input: 'x' }, { signal: client.signal }).catch(() => undefined);
  const signal = await promise;
  const aborted = new Promise((done) => signal.addEventListener('abort', done));
  client.abort();
  await aborted;
});

it('shows nodes with the age and source of their evidence, models summed over a node’s Ollamas', () => {
  const member = {
    roles: ['node-agent'],
    pid: 7,
    incarnation: 3,
    state: 'alive',
    isSuspect: false,
    isStalled: false,
    ageMs: 120,
    lagMs: 2,
  } as const;
  const { nodes } = statusOf(
    { node: 'gw', waitMs: 70, changesOf: (node) => ({ lost: node === 'gw' ? 0 : 2, restarted: 1 }) },
    [
      { ...member, node: 'gw', roles: ['gateway'] },
      { ...member, node: 'host-a' },
    ],
    [
      evidenceOf('host-a', {
        name: 'one',
        slots: 2,
        models: [{ ...modelLoad({ name: 'm:latest' }), loaded: false, busy: 1 }],
      }),
      evidenceOf('host-a', {
        name: 'two',
        slots: 1,
        models: [{ ...modelLoad({ name: 'm:latest' }), queued: 4 }],
      }),
    ],
  );
  expect(nodes[0]).toMatchObject({
    id: 'gw',
    lagMs: 70,
    role: 'gateway',
    evidenceAgeMs: 0,
    evidenceSource: 'self',
    models: [],
  });
  expect(nodes[1]).toMatchObject({
    id: 'host-a',
    role: 'node-agent',
    pid: 7,
    state: 'alive',
    incarnation: 3,
    evidenceAgeMs: 120,
    evidenceSource: 'load-report',
    models: [{ name: 'm:latest', digests: ['d'], loaded: true, slots: 3, busy: 1, queued: 4 }],
  });
});

it('is ready with the bus and one ready instance, and states what is missing', () => {
  const facts = {
    draining: false,
    busConnected: true,
    leaderKnown: true,
    hasReports: true,
    instances: [evidenceOf('a')],
  };
  expect(decideReadiness(facts)).toEqual({ ready: true, reasons: [] });
  expect(
    decideReadiness({ ...facts, busConnected: false, instances: [evidenceOf('a', { state: 'down' })] })
      .reasons,
  ).toEqual(['not connected to NATS', 'no Ollama is ready: a/ollama is down']);
  expect(decideReadiness({ ...facts, hasReports: false, instances: [] }).reasons).toEqual([
    'no node-agent has reported yet',
  ]);
});

it('serves metrics with bounded labels and the fleet’s gauges', async () => {
  await using setup = await startScriptedGateway();
  setup.fleet.evidence = [evidenceOf('host-a', { models: [modelLoad({ name: 'm:latest' })], waitMs: 1_500 })];
  await setup.post('/api/chat', '{bad');
  const answer = setup.post('/api/chat', { model: 'whatever-a-client-sends', messages: [] });
  (await setup.fleet.next()).fail('model-not-found');
  await answer;
  const text = await (await fetch(`${setup.url}/metrics`)).text();
  expect(text).toContain('drover_requests_total{route="/api/chat",model="unknown",outcome="refused"} 2');
  expect(text).toContain('drover_node_wait_seconds{node="host-a",instance="ollama"} 1.5');
  expect(text).toContain('drover_node_slots{node="host-a",instance="ollama"} 1');
  expect(text).toContain('drover_node_evidence_age_seconds{node="host-a",instance="ollama"} 0.04');
  expect(text).toContain('drover_bus_connected 1');
  expect(text).not.toContain('whatever');
});

it('serves status', async () => {
  await using setup = await startScriptedGateway();
  expect(await (await fetch(`${setup.url}/api/v1/status`)).json()).toMatchObject({ nodes: [{ id: 'gw' }] });
});
