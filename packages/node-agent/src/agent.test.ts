import type { ServerResponse } from 'node:http';
import { type ActorRef, props, receive } from '@drover/actor-core';
import { type ModelListing, modelListingSchema, createFleetClient } from '@drover/fleet';
import { afterEach, describe, expect, it } from 'vitest';
import type { NodeAgentOptions } from './config.ts';
import { startRig, until } from './testing/agent-rig.ts';
import { type FakeHandler, ndjson, startFakeOllama } from './testing/fake-ollama.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const hold: FakeHandler = () => {};
const finish: FakeHandler = ({ response }) => {
  if (!response.headersSent) response.writeHead(200, ndjson);
  response.end('{"done":true}\n');
};

async function setup(
  handler: FakeHandler,
  options: Partial<NodeAgentOptions> & { slots?: number; models?: string[] } = {},
) {
  const { slots = 1, models, ...limits } = options;
  const ollama = await startFakeOllama(handler, models);
  ends.push(() => ollama.close());
  const rig = await startRig({ instances: [{ name: 'one', url: ollama.url, slots }], ...limits });
  ends.push(() => rig.end());
  return { ollama, rig };
}

describe('admission', () => {
  it('keeps at most `slots` requests inside Ollama and serves the rest in order', async () => {
    const { rig, ollama } = await setup(hold, { slots: 2 });
    const sessions = [1, 2, 3, 4].map((n) => rig.open({ n }));
    await until(() => sessions.every((session) => session.of('accepted').length === 1));
    expect(sessions.map((session) => session.of('accepted')[0]?.position)).toEqual([0, 0, 1, 2]);
    await until(() => ollama.exchanges.length === 2);
    await rig.pass(1_200);
    expect(ollama.exchanges).toHaveLength(2);
    expect(rig.load()).toMatchObject({ busy: 2, queued: 2 });
    expect(sessions[3]?.of('beat').at(-1)).toMatchObject({ phase: 'queued', position: 2 });
    for (let done = 0; done < 4; done += 1) {
      await until(() => ollama.exchanges.length > done);
      const exchange = ollama.exchanges[done];
      if (exchange !== undefined) finish(exchange);
    }
    await until(() => sessions.every((session) => session.ending()?.kind === 'end'));
    expect(ollama.exchanges.map(({ body }) => JSON.parse(body).n)).toEqual([1, 2, 3, 4]);
  });

  it('serves a higher priority first', async () => {
    const { rig, ollama } = await setup(hold);
    rig.open({ n: 'running' });
    await until(() => ollama.exchanges.length === 1);
    const low = rig.open({ n: 'low' });
    const high = rig.open({ n: 'high' }, { priority: 5 });
    await until(() => high.of('accepted').length === 1 && low.of('accepted').length === 1);
    expect(high.of('accepted')[0]?.position).toBe(1);
    for (const exchange of ollama.exchanges.slice(0, 1)) finish(exchange);
    await until(() => ollama.exchanges.length === 2);
    expect(JSON.parse(ollama.exchanges[1]?.body ?? '').n).toBe('high');
    await rig.pass(2_100);
    expect(low.of('beat').at(-1)?.position).toBe(1);
  });

  it('refuses requests that do not fit the queue, with a retry time', async () => {
    const { rig, ollama } = await setup(hold, { maxQueue: 1 });
    rig.open({});
    await until(() => ollama.exchanges.length === 1);
    const queued = rig.open({});
    const refused = rig.open({});
    await until(() => refused.ending() !== undefined);
    expect(refused.received).toEqual([
      expect.objectContaining({ kind: 'refused', code: 'queue-full', retryAfterMs: 1_000 }),
    ]);
    expect(queued.ending()).toBeUndefined();
    expect(rig.agent.stats()['one']).toMatchObject({ requests: 3, refused: { 'queue-full': 1 } });
  });

  it('probes once before it refuses a model as missing', async () => {
    const { rig, ollama } = await setup(finish);
    const probesBefore = ollama.probes.filter((path) => path === '/api/tags').length;
    const missing = [1, 2, 3].map(() => rig.open({}, { model: 'nobody:7b' }));
    await until(() => missing.every((session) => session.ending() !== undefined));
    expect(missing[0]?.ending()).toMatchObject({ kind: 'refused', code: 'model-missing', retryAfterMs: 0 });
    expect(ollama.probes.filter((path) => path === '/api/tags').length - probesBefore).toBeLessThanOrEqual(2);
    ollama.answers['/api/tags'] = { models: [{ name: 'pulled:latest', digest: 'd' }] };
    const pulled = rig.open({ prompt: 'x'.repeat(100) }, { model: 'pulled', partBytes: 10 });
    await until(() => pulled.ending() !== undefined);
    expect(pulled.ending()?.kind).toBe('end');
  });
});

describe('health', () => {
  it('is down at once when the connection is refused, and recovers by itself', async () => {
    const ollama = await startFakeOllama(finish);
    const { url } = ollama;
    await ollama.close();
    const rig = await startRig({ instances: [{ name: 'one', url }] });
    ends.push(() => rig.end());
    await rig.pass(50);
    expect(rig.load()).toMatchObject({ state: 'down', url, models: [] });
    expect(rig.logged.at(-1)).toContain('is Ollama running there?');
    const refused = rig.open({});
    await until(() => refused.ending() !== undefined);
    expect(refused.ending()).toMatchObject({ code: 'instance-down', retryAfterMs: 5_000 });
  });

  it('refuses an address that is a Drover gateway', async () => {
    const ollama = await startFakeOllama(finish);
    ends.push(() => ollama.close());
    ollama.answers['/api/version'] = (response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'application/json', 'x-drover-gateway': '1' });
      response.end('{"version":"0.30.0"}');
    };
    const rig = await startRig({ instances: [{ name: 'one', url: ollama.url }] });
    ends.push(() => rig.end());
    await rig.pass(50);
    expect(rig.load()?.state).toBe('down');
    expect(rig.logged.at(-1)).toContain('this address is a Drover gateway, not an Ollama');
  });

  it('does not depend on ps, which may hang', async () => {
    const { rig, ollama } = await setup(finish);
    ollama.answers['/api/ps'] = () => {};
    for (let i = 0; i < 4; i += 1) {
      const probes = ollama.probes.length;
      await rig.pass(5_500);
      await until(() => ollama.probes.length > probes);
      await rig.pass(2_000);
    }
    expect(rig.load()?.state).toBe('ready');
  });

  it('is down after three silent probes, refuses waiting requests and keeps running ones', async () => {
    const { rig, ollama } = await setup(hold);
    const running = rig.open({});
    await until(() => ollama.exchanges.length === 1);
    const queued = rig.open({});
    await until(() => queued.of('accepted').length === 1);
    ollama.answers['/api/version'] = () => {};
    await rig.pass(25_000);
    expect(rig.load()).toMatchObject({ state: 'down', busy: 1, queued: 0 });
    expect(queued.ending()).toMatchObject({ kind: 'refused', code: 'instance-down' });
    expect(running.ending()).toBeUndefined();
    ollama.answers['/api/version'] = { version: '1' };
    await rig.pass(6_000);
    await until(() => rig.logged.filter((line) => line.endsWith('is ready')).length === 2);
  });

  it('probes soon after jobs that loaded their model, once for several jobs', async () => {
    const { rig, ollama } = await setup(finish, { slots: 4 });
    await rig.pass(100);
    const before = ollama.probes.filter((path) => path === '/api/ps').length;
    ollama.answers['/api/ps'] = { models: [{ name: 'm:latest', size_vram: 7 }] };
    const sessions = [1, 2, 3, 4].map(() => rig.open({}));
    await until(() => sessions.every((session) => session.ending()?.kind === 'end'));
    await rig.pass(300);
    await until(() => ollama.probes.filter((path) => path === '/api/ps').length === before + 1);
    await rig.pass(100);
    expect(rig.load()?.models[0]).toMatchObject({ name: 'm:latest', loaded: true, vramBytes: 7 });
  });
});

describe('load reports', () => {
  it.each([
    ['show', {}],
    ['generate', { keep_alive: 0 }],
  ] as const)('do not take an answer of %s %j for a sign that the model is loaded', async (route, body) => {
    const { rig } = await setup(finish);
    await rig.pass(100);
    const session = rig.open(body, { route });
    await until(() => session.ending()?.kind === 'end');
    await rig.pass(40, 20);
    expect(rig.load()?.models[0]?.loaded).toBe(false);
  });

  it('show a model as loaded from its first answer on, until Ollama no longer lists it', async () => {
    const { rig, ollama } = await setup(finish);
    await rig.pass(100);
    const probes = ollama.probes.length;
    const session = rig.open({});
    await until(() => session.ending()?.kind === 'end');
    await rig.pass(20, 20);
    expect(rig.load()?.models[0]?.loaded).toBe(true);
    expect(ollama.probes).toHaveLength(probes);
    await rig.pass(300);
    await until(() => ollama.probes.length > probes + 2);
    await until(() => rig.agent.stats()['one']?.probes === 2);
    await rig.pass(300, 20);
    await until(() => rig.load()?.models[0]?.loaded === false);
  });

  it('come every second and within 20 ms of a change', async () => {
    const { rig, ollama } = await setup(hold);
    await rig.pass(20);
    const first = rig.reports.length;
    await rig.pass(3_000, 20);
    expect(rig.reports.length - first).toBeGreaterThanOrEqual(3);
    rig.open({});
    await until(() => ollama.exchanges.length === 1);
    await rig.pass(20, 20);
    expect(rig.load()).toMatchObject({
      busy: 1,
      queued: 0,
      models: [{ name: 'm:latest', busy: 1, queued: 0 }],
    });
    const seqs = rig.reports.map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  });

  it('come when polled', async () => {
    const { rig } = await setup(hold);
    await rig.pass(500);
    const before = rig.reports.length;
    rig.gateway.presence.poll();
    await rig.pass(1, 1);
    expect(rig.reports.length).toBe(before + 1);
  });

  it('show that an Ollama is simulated', async () => {
    const { rig, ollama } = await setup(hold);
    await rig.pass(50);
    expect(rig.load()).toMatchObject({ simulated: false, version: '0.0.0-fake', slots: 1, maxQueue: 64 });
    const rig2 = await startRig({ instances: [{ name: 'one', url: ollama.url, simulated: true }] });
    ends.push(() => rig2.end());
    await rig2.pass(50);
    expect(rig2.load()?.simulated).toBe(true);
  });
});

describe('describe', () => {
  it('answers with the tags and ps of Ollama, unchanged', async () => {
    const { rig, ollama } = await setup(hold);
    const received: ModelListing[] = [];
    const replyTo: ActorRef<ModelListing> = rig.gateway.system.spawn(
      props(() => receive<ModelListing>((message) => void received.push(message)), {
        protocol: modelListingSchema,
      }),
    );
    const target = rig.gateway.system.refFor('agent', 'instances/one');
    target.tell({ kind: 'describe', replyTo });
    await until(() => received.length === 1);
    const { models } = ollama.answers['/api/tags'] as { models: unknown[] };
    expect(received[0]).toEqual({ instance: 'one', version: '0.0.0-fake', tags: models, running: [] });
  });
});

async function asking() {
  const { rig, ollama } = await setup(hold);
  const received: ModelListing[] = [];
  const replyTo: ActorRef<ModelListing> = rig.gateway.system.spawn(
    props(() => receive<ModelListing>((message) => void received.push(message)), {
      protocol: modelListingSchema,
    }),
  );
  const target = rig.gateway.system.refFor('agent', 'instances/one');
  const names = () => received.map(({ running }) => running.map(({ name }) => name));
  const ask = (fresh: boolean) => target.tell({ kind: 'describe', replyTo, fresh });
  return { rig, ollama, ask, names, received };
}

describe('a fresh list of loaded models', () => {
  it('is queried once for all that wait, and updates the load report', async () => {
    const { rig, ollama, ask, names, received } = await asking();
    ollama.answers['/api/ps'] = { models: [{ name: 'm:latest' }] };
    const before = ollama.probes.length;
    ask(false);
    ask(true);
    ask(true);
    ask(true);
    await until(() => received.length === 4);
    expect(names()).toEqual([[], ['m:latest'], ['m:latest'], ['m:latest']]);
    expect(ollama.probes.slice(before)).toEqual(['/api/ps', '/api/ps']);
    await rig.pass(20, 20);
    expect(rig.load()?.models[0]?.loaded).toBe(true);
  });

  it('is the list of the last probe if Ollama does not answer in time', async () => {
    const { rig, ollama, ask, names, received } = await asking();
    ollama.answers['/api/ps'] = () => {};
    ask(true);
    await until(() => ollama.probes.filter((path) => path === '/api/ps').length === 2);
    await rig.pass(500, 100);
    await until(() => received.length === 1);
    expect(names()).toEqual([[]]);
  });

  it('does not delay the probe that follows an unload', async () => {
    const { rig, ollama } = await setup(finish);
    const probes = () => ollama.probes.filter((path) => path === '/api/tags').length;
    const before = probes();
    let answerSlowly: (() => void) | undefined;
    ollama.answers['/api/version'] = (response: { end(text: string): void }) => {
      answerSlowly = () => response.end(JSON.stringify({ version: '1' }));
    };
    await rig.pass(5_600, 100);
    await until(() => answerSlowly !== undefined);
    const session = rig.open({ keep_alive: 0 });
    await until(() => session.ending()?.kind === 'end');
    ollama.answers['/api/version'] = { version: '1' };
    answerSlowly?.();
    await until(() => probes() === before + 1 && rig.agent.stats()['one']?.probes === 2);
    await rig.pass(300, 50);
    await until(() => probes() === before + 2, 'a probe after the unload');
  });
});

describe('a list that is larger than a message may be', () => {
  it('reaches the fleet completely, page by page', async () => {
    const names = Array.from({ length: 4_000 }, (_, index) => `model-${index}:latest`);
    const { rig, ollama } = await setup(hold);
    const tags = names.map((name) => ({ name, digest: 'd', details: { families: 'x'.repeat(300) } }));
    ollama.answers['/api/tags'] = { models: tags };
    ollama.answers['/api/ps'] = { models: [{ name: 'model-7:latest' }] };
    const fleet = createFleetClient(rig.gateway);
    ends.push(async () => await fleet.stop());
    await rig.pass(5_600, 100);
    await until(() => rig.load()?.models.length === 4_000);
    await rig.pass(1_100, 20);
    const [listing] = await fleet.describe();
    expect(listing?.tags.map(({ name }) => name)).toEqual(names);
    expect(listing?.running.map(({ name }) => name)).toEqual(['model-7:latest']);
  });
});

describe('an instance that fails', () => {
  it('ends the streams of its sessions, is restarted and serves', async () => {
    const { rig, ollama } = await setup(hold);
    const running = rig.open({});
    await until(() => ollama.exchanges.length === 1);
    const poison = { kind: 'open' } as never;
    rig.node.system.refFor('agent', 'instances/one').tell(poison);
    await until(() => running.ending() !== undefined);
    expect(running.ending()).toMatchObject({ kind: 'fail', code: 'upstream-lost' });
    await until(() => ollama.exchanges[0]?.left() === true);
    await rig.pass(1_000);
    await until(() => rig.logged.filter((line) => line.endsWith('is ready')).length === 2);
    await rig.pass(50);
    expect(rig.load()).toMatchObject({ state: 'ready', busy: 0 });
    const next = rig.open({});
    await until(() => ollama.exchanges.length === 2);
    expect(next.ending()).toBeUndefined();
  });
});

describe('the bus', () => {
  it('may disconnect and reconnect: the lines of the meantime follow, and Ollama never waited', async () => {
    const { rig, ollama } = await setup(hold);
    const session = rig.open({});
    await until(() => ollama.exchanges.length === 1);
    const response = ollama.exchanges[0]?.response;
    response?.writeHead(200, ndjson);
    response?.write('{"n":1}\n');
    await until(() => session.lines().length === 1);
    rig.node.transport.disconnect();
    response?.write('{"n":2}\n');
    response?.end('{"done":true}\n');
    await until(() => rig.agent.stats()['one']?.completed === 1);
    await rig.pass(5_000);
    expect(session.lines()).toHaveLength(1);
    rig.node.transport.reconnect();
    await until(() => session.ending() !== undefined);
    expect(session.lines()).toEqual(['{"n":1}', '{"n":2}', '{"done":true}']);
  });
});

describe('the end', () => {
  it('of a drain comes when running requests are done; waiting ones are refused', async () => {
    const { rig, ollama } = await setup(hold);
    const running = rig.open({});
    await until(() => ollama.exchanges.length === 1);
    const queued = rig.open({});
    await until(() => queued.of('accepted').length === 1);
    let drained = false;
    const drain = (async () => {
      await rig.agent.drain();
      drained = true;
    })();
    await until(() => queued.ending() !== undefined);
    expect(queued.ending()).toMatchObject({ kind: 'refused', code: 'draining' });
    const late = rig.open({});
    await until(() => late.ending() !== undefined);
    expect(late.ending()).toMatchObject({ kind: 'refused', code: 'draining' });
    await rig.pass(100);
    expect(rig.load()).toMatchObject({ state: 'draining', busy: 1 });
    expect(drained).toBe(false);
    for (const exchange of ollama.exchanges) finish(exchange);
    await drain;
    expect(running.ending()?.kind).toBe('end');
  });

  it('of a drain cancels requests that are not done in time', async () => {
    const { rig, ollama } = await setup(hold, { drainMs: 3_000 });
    const running = rig.open({});
    await until(() => ollama.exchanges.length === 1);
    const drain = rig.agent.drain();
    await rig.pass(3_100);
    await drain;
    expect(running.ending()).toMatchObject({ kind: 'fail', code: 'cancelled' });
    await until(() => ollama.exchanges[0]?.left() === true);
  });

  it('of the node-agent ends the streams and closes the connections to Ollama', async () => {
    const { rig, ollama } = await setup(hold);
    const running = rig.open({});
    await until(() => ollama.exchanges.length === 1);
    await rig.agent.stop();
    await until(() => running.ending() !== undefined);
    expect(running.ending()).toMatchObject({ kind: 'fail', code: 'upstream-lost' });
    await until(() => ollama.exchanges[0]?.left() === true);
  });
});
