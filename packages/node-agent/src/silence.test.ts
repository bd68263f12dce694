import { startOllamaSim } from '@drover/ollama-sim';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunnerCpu } from './silence/runner-cpu.ts';
import { type AgentRig, startRig, until } from './testing/agent-rig.ts';
import { type FakeExchange, type FakeHandler, ndjson, startFakeOllama } from './testing/fake-ollama.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** The runner process of a scripted Ollama; the test says what CPU time it has used. */
function scriptedRunner(): { cpu: RunnerCpu; cpuMs: number } {
  const runner = {
    cpuMs: 1_000,
    cpu: { sample: () => Promise.resolve([{ pid: 7, cpuMs: runner.cpuMs }]) },
  };
  return runner;
}

async function setup(handler: FakeHandler, { cpu, slots = 1 }: { cpu?: RunnerCpu; slots?: number } = {}) {
  const ollama = await startFakeOllama(handler);
  ends.push(() => ollama.close());
  ollama.answers['/api/ps'] = { models: [{ name: 'm:latest', context_length: 4_096 }] };
  const rig = await startRig({ instances: [{ name: 'one', url: ollama.url, slots }] }, undefined, cpu);
  ends.push(() => rig.end());
  return { ollama, rig };
}

const firstToken = ({ response }: FakeExchange): void => {
  response.writeHead(200, ndjson);
  response.write('{"response":"1"}\n');
};
const end = ({ response }: FakeExchange, measures: object = {}): void => {
  if (!response.headersSent) response.writeHead(200, ndjson);
  response.end(`${JSON.stringify({ done: true, ...measures })}\n`);
};
const isUnload = ({ body }: FakeExchange): boolean => body.includes('"keep_alive":0');

/** An Ollama that loses its slot when the first request is left; an unload brings it back. */
function leaky(): { handler: FakeHandler; unloads: string[] } {
  const unloads: string[] = [];
  let leaked = false;
  let posts = 0;
  const handler: FakeHandler = (exchange) => {
    if (isUnload(exchange)) {
      unloads.push(exchange.body);
      leaked = false;
      exchange.response.writeHead(200, { 'content-type': 'application/json' });
      exchange.response.end('{"done":true}');
    } else if (posts++ === 0) {
      firstToken(exchange);
      leaked = true;
    } else if (!leaked) end(exchange);
  };
  return { handler, unloads };
}

/** Opens a stream, and leaves it after its first token. */
async function leaveOne(rig: AgentRig, left: () => boolean | undefined): Promise<void> {
  const session = rig.open({ prompt: 'hi' });
  await until(() => session.lines().length === 1);
  session.cancel();
  await until(() => left() === true, 'the closed connection');
}

describe('a model that works in silence', () => {
  it('reads a long prompt for 60 s after a disconnect, and is left alone', async () => {
    const exchanges: FakeExchange[] = [];
    const { rig, ollama } = await setup((exchange) => {
      exchanges.push(exchange);
      if (exchanges.length === 1) firstToken(exchange);
    });
    await leaveOne(rig, () => ollama.exchanges[0]?.left());
    const session = rig.open({ prompt: 'one word after the other '.repeat(80) });
    await until(() => exchanges.length === 2);
    await rig.pass(61_000);
    expect(session.ending()).toBeUndefined();
    const [, second] = exchanges;
    if (second !== undefined) end(second);
    await until(() => session.ending() !== undefined);
    expect(session.ending()?.kind).toBe('end');
    expect(exchanges).toHaveLength(2);
    expect(rig.agent.stats()['one']?.healedLeaks).toBe(0);
  });

  it('reads even a short prompt for 60 s after a disconnect while nothing is learnt', async () => {
    const { rig, ollama } = await setup((exchange) => {
      if (exchange.body.includes('hi')) firstToken(exchange);
    });
    await leaveOne(rig, () => ollama.exchanges[0]?.left());
    const session = rig.open({ prompt: 'x' });
    await until(() => ollama.exchanges.length === 2);
    await rig.pass(60_000);
    expect(session.ending()).toBeUndefined();
    expect(ollama.exchanges).toHaveLength(2);
  });

  it.each([
    ['before its first byte', false],
    ['after some text', true],
  ])('writes a tool call for two minutes %s', async (_when, says) => {
    let exchange: FakeExchange | undefined;
    const { rig } = await setup((arrived) => {
      exchange = arrived;
      if (says) firstToken(arrived);
    });
    const session = rig.open(
      { messages: [], tools: [{ type: 'function', function: { name: 'write_file' } }] },
      { route: 'chat' },
    );
    await until(() => exchange !== undefined && session.lines().length === (says ? 1 : 0));
    await rig.pass(120_000, 100);
    expect(session.ending()).toBeUndefined();
    if (exchange !== undefined) end(exchange);
    await until(() => session.ending() !== undefined);
    expect(session.ending()?.kind).toBe('end');
  });

  it('works as long as its runner uses the CPU', async () => {
    const runner = scriptedRunner();
    const { rig, ollama } = await setup(firstToken, { cpu: runner.cpu });
    const session = rig.open({ prompt: 'hi' });
    await until(() => session.lines().length === 1);
    for (let minutes = 0; minutes < 30; minutes++) {
      runner.cpuMs += 400;
      await rig.pass(4_000, 100);
    }
    expect(session.ending()).toBeUndefined();
    expect(ollama.exchanges[0]?.left()).toBe(false);
  });

  it('is judged by the progress of other requests on the model, which shows that the runner works', async () => {
    const exchanges: FakeExchange[] = [];
    const { rig } = await setup((exchange) => exchanges.push(exchange), { slots: 2 });
    const talking = rig.open({ prompt: 'talk' }, { timeoutMs: 3_600_000 });
    const waiting = rig.open({ prompt: 'x' }, { timeoutMs: 3_600_000 });
    await until(() => exchanges.length === 2);
    const first = exchanges.find(({ body }) => body.includes('talk'));
    first?.response.writeHead(200, ndjson);
    for (let i = 1; i <= 35; i++) {
      first?.response.write('{"response":"x"}\n');
      await until(() => talking.lines().length === i);
      await rig.pass(20_000, 500);
    }
    expect(waiting.ending()).toBeUndefined();
  });
});

describe('a lost slot', () => {
  it('is freed by an unload when nothing else explains the silence, and the request is answered', async () => {
    const { handler, unloads } = leaky();
    const { rig, ollama } = await setup(handler);
    await leaveOne(rig, () => ollama.exchanges[0]?.left());
    const session = rig.open({ prompt: 'x' });
    await until(() => ollama.exchanges.length === 2);
    await rig.pass(85_000);
    await until(() => session.ending() !== undefined);
    expect(session.ending()?.kind).toBe('end');
    expect(unloads.map((body) => JSON.parse(body) as unknown)).toEqual([
      { model: 'm:latest', keep_alive: 0, stream: false },
    ]);
    expect(rig.agent.stats()['one']?.healedLeaks).toBe(1);
    expect(rig.logged.filter((line) => line.includes('has lost a slot'))).toHaveLength(1);
    expect(rig.logged.some((line) => line.includes('stuck: nothing came for'))).toBe(true);
  });

  it('is freed for every request that waits for the model', async () => {
    const { handler, unloads } = leaky();
    const { rig, ollama } = await setup(handler, { slots: 2 });
    await leaveOne(rig, () => ollama.exchanges[0]?.left());
    const sessions = [rig.open({ prompt: 'x' }), rig.open({ prompt: 'y' })];
    await until(() => ollama.exchanges.length === 3);
    await rig.pass(85_000);
    await until(() => sessions.every((session) => session.ending() !== undefined));
    expect(sessions.map((session) => session.ending()?.kind)).toEqual(['end', 'end']);
    expect(unloads).toHaveLength(1);
  });

  it('is found within half a minute where answers of the model were measured', async () => {
    let leaked = false;
    const { rig, ollama } = await setup((exchange) => {
      if (isUnload(exchange)) leaked = false;
      if (leaked) return;
      if (exchange.body.includes('hi')) {
        firstToken(exchange);
        leaked = true;
      } else
        end(exchange, {
          prompt_eval_count: 20,
          prompt_eval_duration: 4e8,
          eval_count: 30,
          eval_duration: 6e8,
        });
    });
    for (let i = 0; i < 2; i++) {
      const session = rig.open({ prompt: 'learn' });
      await until(() => session.ending() !== undefined);
    }
    await leaveOne(rig, () => ollama.exchanges[2]?.left());
    const session = rig.open({ prompt: 'x' });
    await until(() => ollama.exchanges.length === 4);
    await rig.pass(30_000);
    await until(() => session.ending() !== undefined);
    expect(session.ending()?.kind).toBe('end');
    expect(rig.agent.stats()['one']?.healedLeaks).toBe(1);
  });

  it('is found within half a minute where the runner is seen to use no CPU', async () => {
    const { handler, unloads } = leaky();
    const { rig, ollama } = await setup(handler, { cpu: scriptedRunner().cpu });
    await leaveOne(rig, () => ollama.exchanges[0]?.left());
    const session = rig.open({ prompt: 'x', tools: [{ type: 'function' }], stream: true });
    await until(() => ollama.exchanges.length === 2);
    await rig.pass(35_000);
    await until(() => session.ending() !== undefined);
    expect(session.ending()?.kind).toBe('end');
    expect(unloads).toHaveLength(1);
  });

  it('is not suspected when the request that was left was still being read', async () => {
    const { rig, ollama } = await setup(() => {});
    const left = rig.open({ prompt: 'x' });
    await until(() => ollama.exchanges.length === 1);
    left.cancel();
    await until(() => ollama.exchanges[0]?.left() === true);
    const session = rig.open({ prompt: 'x' });
    await until(() => ollama.exchanges.length === 2);
    await rig.pass(200_000, 100);
    expect(ollama.exchanges).toHaveLength(2);
    expect(session.ending()).toBeUndefined();
    expect(rig.logged.some((line) => line.includes('perhaps stuck'))).toBe(true);
  });

  it('of a simulated Ollama is healed', async () => {
    const ollama = await startOllamaSim({ port: 0, models: ['sim-count'], tokensPerSecond: 50, loadMs: 250 });
    ends.push(() => ollama.close());
    const rig = await startRig({ instances: [{ name: 'one', url: ollama.url }] });
    ends.push(() => rig.end());
    const count = (tokens: number) =>
      rig.open(
        { model: 'sim-count', prompt: 'count', options: { num_predict: tokens } },
        { model: 'sim-count' },
      );
    ollama.fault({ kind: 'leak', times: 1 });
    const left = count(1_000);
    await until(() => left.lines().length > 2);
    left.cancel();
    await until(() => ollama.state().loaded[0]?.leaked === 1);
    const next = count(5);
    await until(() => ollama.state().waiting === 1);
    await rig.pass(90_000);
    await until(() => next.ending() !== undefined);
    expect(next.ending()?.kind).toBe('end');
    expect(rig.agent.stats()['one']?.healedLeaks).toBe(1);
  });
});

describe('a runner that stands still', () => {
  it('is found a minute after the last token, and the log says why', async () => {
    const { rig, ollama } = await setup(firstToken);
    const session = rig.open({ prompt: 'hi' });
    await until(() => session.lines().length === 1);
    await rig.pass(55_000);
    expect(session.ending()).toBeUndefined();
    await rig.pass(11_000);
    expect(session.ending()).toMatchObject({
      kind: 'fail',
      code: 'upstream-stalled',
      lines: 1,
      message: expect.stringContaining('nothing came for 60 s'),
    });
    await until(() => ollama.exchanges[0]?.left() === true);
    expect(rig.logged.some((line) => line.startsWith('m:latest on one is stuck'))).toBe(true);
  });

  it('is found within half a minute where it is seen to use no CPU, even in a tool call', async () => {
    const { rig } = await setup(firstToken, { cpu: scriptedRunner().cpu });
    const session = rig.open({ messages: [], tools: [{ type: 'function' }] }, { route: 'chat' });
    await until(() => session.lines().length === 1);
    await rig.pass(31_000);
    expect(session.ending()).toMatchObject({ code: 'upstream-stalled' });
  });
});
