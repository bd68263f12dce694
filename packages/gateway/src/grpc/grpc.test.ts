import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import {
  type Client,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { AgentsClient, AgentView } from '@drover/agents';
import { service as healthService } from 'grpc-health-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestKeys } from '../testing/key-setup.ts';
import { noAgents } from '../testing/no-agents.ts';
import { type ScriptedGateway, startScriptedGateway } from '../testing/scripted-gateway.ts';
import { type Stack, startStack } from '../testing/stack.ts';
import { until } from '../testing/until.ts';

const protoFolder = fileURLToPath(new URL('../../proto', import.meta.url));

type Unary = (
  request: object,
  metadata: Metadata,
  done: (error: ServiceError | null, response: Record<string, unknown>) => void,
) => void;

/** A client of one service, by its proto. */
function clientOf(address: string, name: string) {
  const file = `drover/v1/${name.replace('Service', '').toLowerCase()}.proto`;
  const definition = loadSync(file, {
    includeDirs: [protoFolder],
    longs: Number,
    defaults: true,
    oneofs: true,
  });
  const loaded = loadPackageDefinition(definition) as unknown as {
    drover: { v1: Record<string, ServiceClientConstructor> };
  };
  const Service = loaded.drover.v1[name] as ServiceClientConstructor;
  const client = new Service(address, credentials.createInsecure());
  return {
    close: () => client.close(),
    /** Resolves with the response, or with the error. */
    ask: (rpc: string, request: object, metadata = new Metadata()) =>
      new Promise<Record<string, unknown>>((resolve, reject) => {
        const call = (client as unknown as Record<string, Unary>)[rpc] as Unary;
        call.call(client, request, metadata, (error, response) =>
          error ? reject(error) : resolve(response),
        );
      }),
    open: (rpc: string, request: object, options: object = {}) => {
      type Open = (
        request: object,
        metadata: Metadata,
        options: object,
      ) => ReturnType<Client['makeServerStreamRequest']>;
      const call = (client as unknown as Record<string, Open>)[rpc] as Open;
      return call.call(client, request, new Metadata(), options);
    },
  };
}

const agent: AgentView = {
  id: 'a1',
  type: 'helper',
  name: 'helper',
  model: 'm',
  status: 'ready',
  node: 'h',
  incarnation: 1,
  createdAt: '2026-01-01T00:00:00Z',
};
const usage = { promptTokens: 1, completionTokens: 2, durationMs: 3 };
const agents: AgentsClient = {
  ...noAgents,
  definitions: () => [{ type: 'helper', description: 'Helps.', model: undefined }],
  spawn: () => Promise.resolve(agent),
  task: (_id, _request, { onEvent } = {}) => {
    onEvent?.({ type: 'started', runId: 'r1', node: 'h' });
    onEvent?.({ type: 'token', runId: 'r1', text: 'hel' });
    return Promise.resolve({ runId: 'r1', status: 'completed', output: 'hello', usage, node: 'h' });
  },
};

const count = (tokens: number) => ({
  model: 'sim-count',
  messages: [{ role: 'user', content: 'count' }],
  optionsJson: JSON.stringify({ num_predict: tokens }),
});

async function busySlots(url: string | undefined): Promise<number> {
  return ((await (await fetch(`${url}/sim/state`)).json()) as { busy: number }).busy;
}

describe('gRPC over the fleet', () => {
  let stack: Stack;
  let address: string;
  beforeAll(async () => {
    stack = await startStack({ gateway: { grpcPort: 0 }, slots: 1 });
    address = stack.gateway.grpcAddress ?? '';
  });
  afterAll(() => stack.end());

  it('streams a chat, with the counts in the last response', async () => {
    const client = clientOf(address, 'InferenceService');
    const responses: { message: { content: string }; done: boolean; usage: { evalCount: number } | null }[] =
      [];
    for await (const response of client.open('Chat', count(4))) responses.push(response as never);
    expect(responses.map(({ message }) => message.content).join('')).toBe('1 2 3 4');
    expect(responses.at(-1)).toMatchObject({ done: true, usage: { evalCount: 4 } });
    client.close();
  });

  it('tells which field is wrong, and which model is missing', async () => {
    const client = clientOf(address, 'InferenceService');
    const failed = async (request: object) => {
      const [error] = (await once(client.open('Chat', request).resume(), 'error')) as [ServiceError];
      return [error.code, error.details, error.metadata.get('drover-field')];
    };
    expect(await failed({ ...count(1), optionsJson: '{bad' })).toEqual([
      status.INVALID_ARGUMENT,
      'options_json: must be JSON',
      ['options_json'],
    ]);
    expect(await failed({ ...count(1), model: 'nosuch' })).toEqual([
      status.NOT_FOUND,
      "model 'nosuch' not found",
      [],
    ]);
    client.close();
  });

  it.each([
    ['is cancelled', {}],
    ['is over its deadline', { deadline: 300 }],
  ])('frees the slot of a call that %s', async (what, { deadline }: { deadline?: number }) => {
    const client = clientOf(address, 'InferenceService');
    const options = deadline === undefined ? {} : { deadline: Date.now() + deadline };
    const call = client.open('Chat', count(100_000), options);
    const ended = once(call, 'error') as Promise<[ServiceError]>;
    await once(call, 'data');
    call.resume();
    if (what === 'is cancelled') call.cancel();
    const [error] = await ended;
    expect(error.code).toBe(deadline === undefined ? status.CANCELLED : status.DEADLINE_EXCEEDED);
    await until(async () => (await busySlots(stack.sims[0]?.url)) === 0, 'the free slot');
    client.close();
  });
});

describe('gRPC over the own routes', () => {
  let scripted: ScriptedGateway;
  let address: string;
  beforeAll(async () => {
    scripted = await startScriptedGateway({ agents, grpcPort: 0 });
    address = scripted.gateway.grpcAddress ?? '';
  });
  afterAll(() => scripted[Symbol.asyncDispose]());

  it('keeps the bytes of a value, and refuses a change of another revision', async () => {
    const memory = clientOf(address, 'MemoryService');
    const value = Buffer.from([0, 255, 10]);
    const at = { scope: 'global', key: 'a/b' };
    const { revision } = await memory.ask('PutValue', { ...at, value, contentType: 'x/y' });
    expect(await memory.ask('GetValue', { ...at, level: 'READ_LEVEL_FRESH' })).toMatchObject({
      value,
      contentType: 'x/y',
      revision,
    });
    const precondition = { revision: Number(revision) + 1 };
    await expect(memory.ask('PutValue', { ...at, value, precondition })).rejects.toMatchObject({
      code: status.FAILED_PRECONDITION,
    });
    await expect(memory.ask('GetValue', { scope: 'global', key: '' })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
    });
    memory.close();
  });

  it('keeps the text of a message, and settles it by its lease', async () => {
    const queues = clientOf(address, 'QueueService');
    const bodyJson = '{"b":1.0,"a":12345678901234567890}';
    expect(await queues.ask('PutMessage', { queue: 'q', id: 'm', bodyJson })).toMatchObject({ id: 'm' });
    const { messages } = (await queues.ask('TakeMessages', { queue: 'q' })) as {
      messages: { bodyJson: string; lease: string }[];
    };
    expect(messages).toMatchObject([{ id: 'm', bodyJson, attempt: 1 }]);
    const held = { queue: 'q', id: 'm', lease: messages[0]?.lease };
    expect(await queues.ask('AckMessage', held)).toEqual({});
    expect(await queues.ask('GetQueue', { queue: 'q' })).toMatchObject({ counts: { depth: 0, inFlight: 0 } });
    queues.close();
  });

  it('sends the events of a task', async () => {
    const client = clientOf(address, 'AgentService');
    expect(await client.ask('SpawnAgent', { type: 'helper' })).toMatchObject({ agent: { id: 'a1' } });
    const events: unknown[] = [];
    for await (const event of client.open('StreamTask', { agentId: 'a1', input: 'x' })) events.push(event);
    expect(events).toMatchObject([
      { started: { runId: 'r1', node: 'h' } },
      { token: { text: 'hel' } },
      { completed: { output: 'hello', usage } },
    ]);
    client.close();
  });

  it('is healthy until the gateway stops', async () => {
    const Health = loadPackageDefinition({ Health: healthService })['Health'] as ServiceClientConstructor;
    const health = new Health(address, credentials.createInsecure());
    const check = () =>
      new Promise((resolve, reject) => {
        const call = (health as unknown as { check: Unary }).check;
        call.call(health, { service: 'drover.v1.InferenceService' }, new Metadata(), (error, response) =>
          error ? reject(error) : resolve(response['status']),
        );
      });
    expect(await check()).toBe('SERVING');
    scripted.gateway.refuseNew();
    expect(await check()).toBe('NOT_SERVING');
    health.close();
  });
});

it('asks for the key that the routes ask for', async () => {
  const known = await createTestKeys({ ann: { roles: ['user'] } });
  await using scripted = await startScriptedGateway({ keys: known.keys, grpcPort: 0 });
  const address = scripted.gateway.grpcAddress ?? '';
  const [queues, nodes] = [clientOf(address, 'QueueService'), clientOf(address, 'NodeService')];
  const key = new Metadata();
  key.set('authorization', `Bearer ${known.texts.ann}`);
  await expect(queues.ask('ListQueues', {})).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  expect(await queues.ask('ListQueues', {}, key)).toEqual({ queues: [] });
  await expect(nodes.ask('ListNodes', {}, key)).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
  queues.close();
  nodes.close();
  known.close();
});
