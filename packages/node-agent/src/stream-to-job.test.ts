import type { ActorRef } from '@drover/actor-core';
import { createFleetClient, type StreamMessage } from '@drover/fleet';
import { afterEach, describe, expect, it } from 'vitest';
import { type AgentRig, startRig, until } from './testing/agent-rig.ts';
import { type FakeHandler, type FakeOllama, ndjson, startFakeOllama } from './testing/fake-ollama.ts';
import type { TestSession } from './testing/test-session.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function setup(handler: FakeHandler): Promise<{ ollama: FakeOllama; rig: AgentRig }> {
  const ollama = await startFakeOllama(handler);
  ends.push(() => ollama.close());
  const rig = await startRig({ instances: [{ name: 'one', url: ollama.url }] });
  ends.push(() => rig.end());
  return { ollama, rig };
}

const hold: FakeHandler = () => {};
const control = { lane: 'control' } as const;

async function jobOf(session: TestSession): Promise<ActorRef<StreamMessage>> {
  await until(() => session.of('accepted').length > 0);
  return session.of('accepted')[0]?.job ?? expect.fail('the session did not learn its job');
}

/** Messages that each actor of the agent has handled, by path. */
function processedOf({ node }: AgentRig): ReadonlyMap<string, number> {
  return new Map(node.system.inspect().map(({ path, processed }) => [path, processed]));
}

describe('a job', () => {
  it('takes messages of its session directly, and the instance frees the slot after a cancel', async () => {
    const { rig, ollama } = await setup(hold);
    const session = rig.open({});
    const job = await jobOf(session);
    await until(() => ollama.exchanges.length === 1);
    job.tell({ kind: 'cancel', streamId: session.streamId, reason: 'the client left' }, control);
    await until(() => ollama.exchanges[0]?.left() === true);
    await rig.pass(100);
    expect(rig.load()).toMatchObject({ busy: 0, queued: 0 });
  });

  it('that waits in the queue leaves it after a direct cancel', async () => {
    const { rig, ollama } = await setup(hold);
    rig.open({});
    await until(() => ollama.exchanges.length === 1);
    const queued = rig.open({});
    const job = await jobOf(queued);
    job.tell({ kind: 'cancel', streamId: queued.streamId, reason: 'the client left' }, control);
    await until(() => rig.agent.stats()['one']?.cancelled === 1);
    await rig.pass(100);
    expect(rig.load()).toMatchObject({ busy: 1, queued: 0 });
  });

  it('ignores messages that name another stream', async () => {
    const { rig, ollama } = await setup(hold);
    const session = rig.open({});
    const job = await jobOf(session);
    await until(() => ollama.exchanges.length === 1);
    job.tell({ kind: 'cancel', streamId: 'guessed', reason: 'not the session' }, control);
    await rig.pass(100);
    expect(ollama.exchanges[0]?.left()).toBe(false);
    expect(rig.load()).toMatchObject({ busy: 1 });
  });

  it('takes no message from another node but those about a stream', async () => {
    const { rig, ollama } = await setup(hold);
    const session = rig.open({});
    const job = await jobOf(session);
    await until(() => ollama.exchanges.length === 1);
    const order = { kind: 'give-up', code: 'cancelled', message: 'not of its instance' };
    job.tell(order as never, control);
    await rig.pass(100);
    expect(ollama.exchanges[0]?.left()).toBe(false);
  });
});

describe('a session of the fleet client', () => {
  it('sends body parts and credit to the job, so the instance handles no message for each line', async () => {
    const count = 3_000;
    const { rig, ollama } = await setup(({ response }) => {
      response.writeHead(200, ndjson);
      for (let line = 1; line < count; line += 1) response.write(`{"n":${line}}\n`);
      response.end('{"done":true}\n');
    });
    const client = createFleetClient(rig.gateway);
    ends.push(() => client.stop());
    await rig.pass(1_100, 20);
    const before = processedOf(rig).get('instances/one') ?? 0;
    const body = Buffer.from(JSON.stringify({ prompt: 'x'.repeat(8_000_000) }));
    const request = { requestId: 'r1', route: 'generate', model: 'm', body } as const;
    const call = client.run(request, new AbortController().signal);
    let lines = 0;
    for await (const batch of call.lines) lines += batch.length;
    expect(lines).toBe(count);
    expect(ollama.exchanges[0]?.body.length).toBe(body.length);
    // The `open`, the first parts, the messages of the job to its instance: none for the 3,000 lines.
    expect((processedOf(rig).get('instances/one') ?? 0) - before).toBeLessThan(20);
  });
});
