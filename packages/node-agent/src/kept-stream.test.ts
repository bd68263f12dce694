import { createTestNode } from '@drover/actor-core/testing';
import { createFleetClient, type FleetCall, type FleetRequest } from '@drover/fleet';
import { afterEach, expect, it } from 'vitest';
import { startRig, until } from './testing/agent-rig.ts';
import { type FakeExchange, ndjson, startFakeOllama } from './testing/fake-ollama.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const request: FleetRequest = {
  requestId: 'r1',
  route: 'generate',
  model: 'm',
  body: Buffer.from('{"prompt":"x"}'),
  keepMs: 20_000,
};
const never = new AbortController().signal;

/** A node-agent, a gateway that has run a kept request and got its first line, and a second gateway. */
async function setup() {
  const ollama = await startFakeOllama(({ response }) => {
    response.writeHead(200, ndjson);
    response.write('{"n":1}\n');
  });
  ends.push(() => ollama.close());
  const rig = await startRig({ instances: [{ name: 'one', url: ollama.url }] });
  ends.push(() => rig.end());
  const node = createTestNode(rig.hub, { nodeId: 'gw-2', roles: ['gateway'] });
  ends.push(() => node.leave());
  const [first, second] = [createFleetClient(rig.gateway), createFleetClient(node)];
  ends.push(
    () => first.stop(),
    () => second.stop(),
  );
  await rig.pass(1_100, 20);
  const call = first.run(request, never);
  const reading = read(call);
  await until(() => reading.lines.length === 1, 'the first line');
  return { rig, first, second, call, reading, ollama: () => ollama.exchanges[0] as FakeExchange };
}

function read(call: FleetCall): { readonly lines: string[]; code: string | undefined; done: boolean } {
  const reading = { lines: [] as string[], code: undefined as string | undefined, done: false };
  void (async () => {
    try {
      for await (const batch of call.lines) reading.lines.push(...batch);
      reading.done = true;
    } catch (error) {
      reading.code = (error as { code: string }).code;
    }
  })();
  return reading;
}

it('goes on after its gateway is killed, and the next gateway gets every line once', async () => {
  const { rig, second, ollama } = await setup();
  rig.gateway.crash();
  ollama().response.write('{"n":2}\n');
  await rig.pass(8_000, 100);
  const adopted = await second.adopt(request, never);
  const reading = read(adopted ?? expect.fail('no instance has the stream'));
  await until(() => reading.lines.length === 2, 'the lines so far');
  ollama().response.end('{"done":true}\n');
  await until(() => reading.done, 'the end');
  expect(reading.lines).toEqual(['{"n":1}', '{"n":2}', '{"done":true}']);
  expect(ollama().left()).toBe(false);
});

it('ends at its gateway when another one takes it over', async () => {
  const { second, reading } = await setup();
  const adopted = read((await second.adopt(request, never)) ?? expect.fail('no instance has the stream'));
  await until(() => reading.code !== undefined && adopted.lines.length === 1, 'the change');
  expect(reading.code).toBe('host-lost');
});

it('is found by no other tenant, and not where the request was not to be kept', async () => {
  const { first, second, rig } = await setup();
  const missing = async (other: FleetRequest) => {
    const adopting = second.adopt(other, never);
    await rig.pass(100);
    return adopting;
  };
  expect(await missing({ ...request, tenant: 'rival' })).toBeUndefined();
  const plain = { ...request, requestId: 'r2', keepMs: 0 };
  read(first.run(plain, never));
  await rig.pass(100);
  expect(await missing(plain)).toBeUndefined();
});

it('ends when nobody comes for it in time, and when its client is cancelled', async () => {
  const { rig, ollama } = await setup();
  rig.gateway.crash();
  await rig.pass(25_000, 250);
  expect(ollama().left()).toBe(false);
  await rig.pass(3_000, 250);
  await until(() => ollama().left(), 'the end of the connection');
});
