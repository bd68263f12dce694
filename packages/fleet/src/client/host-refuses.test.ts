import {
  advance,
  createTestHub,
  createTestNode,
  type ManualClock,
  type TestHub,
} from '@drover/actor-core/testing';
import { describe, expect, it } from 'vitest';
import type { FleetConfig } from '../config.ts';
import type { FleetError } from '../errors.ts';
import { type ScriptedInstance, type ScriptedStream, scriptInstance } from '../testing/scripted-instance.ts';
import { createFleetClient } from './create-fleet-client.ts';
import type { FleetClient, FleetHead, FleetRequest } from './fleet-client.ts';

type Say = (stream: ScriptedStream) => void;

interface Answer {
  readonly head: FleetHead | undefined;
  readonly lines: readonly string[];
  readonly error: FleetError | undefined;
}

interface Bundle {
  readonly hub: TestHub<ManualClock>;
  readonly client: FleetClient;
  readonly hosts: readonly ScriptedInstance[];
  readonly pass: (ms: number) => Promise<void>;
  readonly ask: (request?: Partial<FleetRequest>) => Promise<Answer>;
}

/** One idle host for each script, with `m` and `big` loaded; without `client` the first candidate is chosen. */
async function setup(
  scripts: readonly Say[],
  options: { client?: Partial<FleetConfig> } = {},
): Promise<Bundle> {
  const hub = createTestHub();
  const node = createTestNode(hub, { nodeId: 'gw', roles: ['gateway'] });
  const client = createFleetClient(
    node,
    options.client === undefined ? { policy: (_request, [first]) => first } : { config: options.client },
  );
  const models = [{ name: 'm:latest' }, { name: 'big:latest' }];
  const hosts = scripts.map((onOpen, index) =>
    scriptInstance(createTestNode(hub, { nodeId: `host-${index + 1}`, roles: ['node-agent'] }), {
      onOpen,
      models,
    }),
  );
  const pass = (ms: number): Promise<void> => advance(hub.clock, ms, 10);
  await pass(100);
  const ask = async (request: Partial<FleetRequest> = {}): Promise<Answer> => {
    const call = client.run(
      { requestId: 'r1', route: 'chat', model: 'm', body: Buffer.from('{}'), ...request },
      new AbortController().signal,
    );
    const lines: string[] = [];
    const reading = (async (): Promise<FleetError | undefined> => {
      try {
        for await (const batch of call.lines) lines.push(...batch);
        return undefined;
      } catch (error) {
        return error as FleetError;
      }
    })();
    await pass(50);
    const error = await reading;
    const head = await call.head.catch(() => undefined);
    return { head, lines, error };
  };
  return { hub, client, hosts, pass, ask };
}

const serve: Say = (stream) => {
  stream.feed({ kind: 'accept', position: 0 });
  stream.feed({ kind: 'head', status: 200, contentType: 'application/x-ndjson' });
  stream.feed({ kind: 'lines', lines: ['{"done":true}'] });
  stream.feed({ kind: 'end' });
};

/** The host answers with an error status, which its node-agent passes on. */
function answer(status: number, text: string, headers?: Record<string, string>, foreign?: boolean): Say {
  return (stream) => {
    stream.feed({ kind: 'accept', position: 0 });
    stream.feed({ kind: 'head', status, contentType: 'application/json', headers, foreign });
    stream.feed({ kind: 'lines', lines: [JSON.stringify({ error: text })] });
    stream.feed({ kind: 'end' });
  };
}

/** The connection to the host breaks before the first line. */
const reset: Say = (stream) => {
  stream.feed({ kind: 'accept', position: 0 });
  stream.feed({ kind: 'fail', code: 'upstream-lost', message: 'the connection broke (ECONNRESET)' });
};

/** Refuses the first, third, fifth … request. */
function everyOther(refuse: Say): Say {
  let count = 0;
  return (stream) => {
    count += 1;
    (count % 2 === 1 ? refuse : serve)(stream);
  };
}

const lowMemory = 'model requires more system memory (5.6 GiB) than is available (3.1 GiB)';

describe('a host that refuses before the first byte', () => {
  it.each<[string, Say]>([
    ['answers 500 that it has too little memory', answer(500, lowMemory)],
    ['answers 503 that it is busy', answer(503, 'server busy')],
    ['answers 429', answer(429, 'slow down')],
    ['answers 502 of a proxy', answer(502, 'the host answered 502 Bad Gateway (text/html, not from Ollama)')],
    ['answers 401 of a proxy', answer(401, 'unauthorized')],
    ['answers 404 although it lists the model', answer(404, "model 'm' not found")],
    ['answers 400 of a proxy', answer(400, 'not from Ollama', undefined, true)],
    ['answers 413 of a proxy', answer(413, 'not from Ollama', undefined, true)],
    ['resets the connection', reset],
    [
      'hangs up after its headers',
      (stream) => {
        stream.feed({ kind: 'head', status: 200, contentType: 'application/x-ndjson' });
        stream.feed({ kind: 'fail', code: 'upstream-lost', message: 'the connection broke' });
      },
    ],
    [
      'begins a stream with an error, as older versions do',
      (stream) => {
        stream.feed({ kind: 'head', status: 200, contentType: 'application/x-ndjson' });
        stream.feed({ kind: 'lines', lines: [JSON.stringify({ error: lowMemory })] });
        stream.feed({ kind: 'end' });
      },
    ],
    [
      'breaks in the middle of its refusal',
      (stream) => {
        stream.feed({ kind: 'head', status: 500, contentType: 'application/json' });
        stream.feed({ kind: 'lines', lines: ['{"error":'] });
        stream.feed({ kind: 'fail', code: 'upstream-lost', message: 'the connection broke' });
      },
    ],
  ])('and %s is not the answer while another host has the model', async (_what, refuse) => {
    const { ask, hosts } = await setup([refuse, serve]);
    const { head, lines, error } = await ask();
    expect({ status: head?.status, node: head?.node, lines, error }).toEqual({
      status: 200,
      node: 'host-2',
      lines: ['{"done":true}'],
      error: undefined,
    });
    expect(hosts.map(({ streams }) => streams.length)).toEqual([1, 1]);
  });

  it.each([
    [400, 'invalid options'],
    [413, 'too large'],
    [422, 'bad shape'],
    [500, 'image input is not supported'],
  ])('is final at once where %i (%s) concerns the request', async (status, text) => {
    const { ask, hosts } = await setup([answer(status, text), serve]);
    const { head, lines } = await ask();
    expect({ status: head?.status, node: head?.node, lines }).toEqual({
      status,
      node: 'host-1',
      lines: [JSON.stringify({ error: text })],
    });
    expect(hosts[1]?.streams).toHaveLength(0);
  });

  it('has its own error text and Retry-After passed to the client when all refuse', async () => {
    const { ask } = await setup([
      answer(500, lowMemory),
      answer(503, 'server busy', { 'retry-after': '17' }),
      answer(503, 'busy too', { 'retry-after': '40' }),
    ]);
    expect(await ask()).toMatchObject({
      head: { status: 503, node: 'host-2', headers: { 'retry-after': '17' }, retryAfterMs: 17_000 },
      lines: [JSON.stringify({ error: 'server busy' })],
      error: undefined,
    });
  });

  it('is passed on unchanged with a computed Retry-After where no host is busy', async () => {
    const { ask } = await setup([answer(500, lowMemory), reset]);
    const { head, lines, error } = await ask();
    expect(head).toMatchObject({ status: 500, node: 'host-1', retryAfterMs: 1_000 });
    expect({ lines, error }).toEqual({ lines: [JSON.stringify({ error: lowMemory })], error: undefined });
  });

  it('gives the answer if it is the only host, whatever its status', async () => {
    for (const [status, text] of [
      [404, "model 'm' not found"],
      [500, 'boom'],
      [503, 'server busy'],
    ] as const) {
      const { ask } = await setup([answer(status, text)]);
      expect(await ask()).toMatchObject({ head: { status }, lines: [JSON.stringify({ error: text })] });
    }
  });

  it('is asked no more than three times for one request, in all', async () => {
    const { ask, hosts } = await setup(Array.from({ length: 5 }, () => answer(500, 'boom')));
    expect(await ask()).toMatchObject({ head: { status: 500 } });
    expect(hosts.map(({ streams }) => streams.length)).toEqual([1, 1, 1, 0, 0]);
  });
});

/**
 * Sends four concurrent requests every 10 ms, `count` in all. Returns the failed requests and each host's share of
 * attempts.
 */
async function load(rig: Bundle, count: number): Promise<{ errors: number; shares: number[] }> {
  let errors = 0;
  const before = rig.hosts.map(({ streams }) => streams.length);
  for (let sent = 0; sent < count; sent += 4) {
    const calls = [1, 2, 3, 4].map(() => {
      const call = rig.client.run(
        { requestId: 'r', route: 'chat', model: 'm', body: Buffer.from('{}') },
        new AbortController().signal,
      );
      return call.head.then(
        ({ status }) => status,
        () => 0,
      );
    });
    await rig.pass(10);
    for (const status of await Promise.all(calls)) if (status !== 200) errors += 1;
  }
  const asked = rig.hosts.map(({ streams }, index) => streams.length - (before[index] ?? 0));
  const attempts = asked.reduce((sum, one) => sum + one, 0);
  return { errors, shares: asked.map((one) => one / attempts) };
}

describe('a host that is ill beside a healthy one', () => {
  it.each<[string, Say]>([
    ['answers 500', answer(500, lowMemory)],
    ['answers 503', answer(503, 'server busy')],
    ['answers 429 with a time to come back', answer(429, 'slow down', { 'retry-after': '30' })],
    [
      'answers a page of a proxy',
      answer(502, 'the host answered 502 Bad Gateway (text/html, not from Ollama)'),
    ],
    ['resets every connection', reset],
    ['answers 500 every other time', everyOther(answer(500, 'boom'))],
  ])('and always %s costs no client anything and draws no traffic', async (_what, refuse) => {
    const rig = await setup([refuse, serve], { client: {} });
    const first = await load(rig, 12);
    const rest = await load(rig, 1_000);
    expect(first.errors + rest.errors).toBe(0);
    expect(rest.shares[0]).toBeLessThanOrEqual(0.05);
  });

  it('is not avoided because requests are too large for its proxy', async () => {
    const rig = await setup([answer(413, 'too large', undefined, true), serve]);
    for (let time = 0; time < 10; time += 1) await rig.ask();
    expect(rig.hosts[0]?.streams).toHaveLength(10);
  });

  it('is avoided only for the model that it cannot run', async () => {
    const say: Say = (stream) => (stream.open.model === 'big' ? answer(500, lowMemory) : serve)(stream);
    const rig = await setup([say, serve], { client: {} });
    for (let time = 0; time < 20; time += 1) await rig.ask({ model: 'big' });
    const asked = rig.hosts.map(({ streams }) => streams.length);
    expect(asked[0]).toBeLessThanOrEqual(4);
    const { errors, shares } = await load(rig, 200);
    expect(errors).toBe(0);
    expect(shares[0]).toBeGreaterThan(0.3);
  });

  it('draws no traffic when both were ill and the other one is well again', async () => {
    let ill = true;
    const refuse = answer(503, 'server busy');
    const rig = await setup([refuse, (stream) => (ill ? refuse : serve)(stream)], { client: {} });
    await load(rig, 30);
    ill = false;
    const { errors, shares } = await load(rig, 400);
    expect(errors).toBe(0);
    expect(shares[0]).toBeLessThanOrEqual(0.05);
  });

  it('comes back slowly when it is well again, and gets its full share in the end', async () => {
    let ill = true;
    const rig = await setup([(stream) => (ill ? answer(503, 'busy') : serve)(stream), serve], { client: {} });
    await load(rig, 100);
    ill = false;
    // Its ejection has ended, a trial succeeds, and its share grows.
    await rig.pass(6_000);
    const early = await load(rig, 200);
    expect(early.shares[0]).toBeLessThan(0.25);
    await rig.pass(10_000);
    const late = await load(rig, 400);
    expect(late.shares[0]).toBeGreaterThan(0.4);
    expect(early.errors + late.errors).toBe(0);
  });

  it('adds no more than the budget of retries to the load when every host is ill', async () => {
    const rig = await setup([answer(503, 'busy'), answer(503, 'busy')], {
      client: { retryBurst: 10, retryFloorPerSecond: 1 },
    });
    await load(rig, 1_000);
    const attempts = rig.hosts.reduce((sum, { streams }) => sum + streams.length, 0);
    // The budget allows 10 retries at the start, a fifth of 1,000 requests, and 1 retry a second for 2.5 s.
    expect(attempts).toBeLessThanOrEqual(1_000 + 10 + 200 + 3);
    expect(attempts).toBeGreaterThan(1_150);
  });
});

describe('a host whose ejection is over', () => {
  it('gets a reservation of requests that wait elsewhere, so that none waits while this host is idle', async () => {
    let waits = false;
    const rig = await setup([
      answer(503, 'server busy'),
      (stream) => (waits ? stream.feed({ kind: 'accept', position: 1, asks: true }) : serve(stream)),
    ]);
    for (let time = 0; time < 3; time += 1) await rig.ask();
    const [ill] = rig.hosts;
    const asked = ill?.streams.length;
    waits = true;
    const { signal } = new AbortController();
    void rig.client.run({ requestId: 'r', route: 'chat', model: 'm', body: Buffer.from('{}') }, signal).head;
    await rig.pass(500);
    expect(ill?.streams).toHaveLength(asked ?? -1);
    expect(ill?.placeMessages).toEqual([]);
    await rig.pass(6_000);
    expect(ill?.placeMessages.at(0)).toMatchObject({ kind: 'reserve', model: 'm' });
  });
});

describe('an answer that ends in order without done: true', () => {
  it('is not complete, but its host is not lost', async () => {
    const { ask } = await setup([
      (stream) => {
        stream.feed({ kind: 'head', status: 200, contentType: 'application/x-ndjson' });
        stream.feed({ kind: 'lines', lines: ['{"response":"1"}'] });
        stream.feed({ kind: 'fail', code: 'bad-upstream', message: 'Ollama ended without done: true' });
      },
      serve,
    ]);
    const { lines, error } = await ask();
    expect({ lines, code: error?.code }).toEqual({ lines: ['{"response":"1"}'], code: 'bad-upstream' });
  });
});
