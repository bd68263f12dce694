import { createTestNode } from '@drover/actor-core/testing';
import { afterEach, describe, expect, it } from 'vitest';
import type { NodeAgentOptions } from './config.ts';
import { type AgentRig, startRig, until } from './testing/agent-rig.ts';
import { type FakeHandler, ndjson, startFakeOllama } from './testing/fake-ollama.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function setup(handler: FakeHandler, options: Partial<NodeAgentOptions> & { slots?: number } = {}) {
  const { slots = 1, ...limits } = options;
  const ollama = await startFakeOllama(handler);
  ends.push(() => ollama.close());
  const rig = await startRig({ instances: [{ name: 'one', url: ollama.url, slots }], ...limits });
  ends.push(() => rig.end());
  return { ollama, rig };
}

const stats = (rig: AgentRig) => rig.agent.stats()['one'];
const answer: FakeHandler = ({ response }) => {
  response.writeHead(200, ndjson);
  response.end('{"response":"hi"}\n{"done":true}\n');
};
const hold: FakeHandler = () => {};
const firstLine: FakeHandler = ({ response }) => {
  response.writeHead(200, ndjson);
  response.write('{"response":"1"}\n');
};
/** Waits for the end of the stream and returns it. */
async function failure(rig: AgentRig, session: ReturnType<AgentRig['open']>) {
  await until(() => session.ending() !== undefined, 'an ending');
  await until(() => rig.agent.stats()['one'] !== undefined);
  return session.ending();
}

describe('a request', () => {
  it('is accepted at once and passed on with the Host that Ollama takes', async () => {
    const { rig, ollama } = await setup(answer);
    const session = rig.open({ model: 'm', prompt: 'x' });
    await until(() => session.ending() !== undefined);
    expect(session.received.map(({ kind }) => kind)).toEqual(['accepted', 'head', 'chunk', 'end']);
    expect(session.of('accepted')[0]?.position).toBe(0);
    expect(session.of('head')[0]).toMatchObject({ status: 200, contentType: 'application/x-ndjson' });
    expect(session.lines()).toEqual(['{"response":"hi"}', '{"done":true}']);
    expect(ollama.exchanges[0]).toMatchObject({
      path: '/api/generate',
      host: new URL(ollama.url).host,
      body: '{"model":"m","prompt":"x"}',
    });
    expect(stats(rig)).toMatchObject({ requests: 1, completed: 1, lines: 2 });
  });

  it('comes through with characters that are split over packets', async () => {
    const text = '{"response":"žluť 🐎 日本"}';
    const { rig } = await setup(({ response }) => {
      response.writeHead(200, ndjson);
      const bytes = Buffer.from(`${text}\n{"done":true}\n`);
      let at = 0;
      const next = (): void => {
        if (at === bytes.length) return void response.end();
        response.write(bytes.subarray(at, at + 1));
        at += 1;
        setImmediate(next);
      };
      next();
    });
    const session = rig.open({});
    await until(() => session.ending()?.kind === 'end');
    expect(session.lines()[0]).toBe(text);
  });

  it('carries an error status and body of Ollama through', async () => {
    const { rig } = await setup(({ response }) => {
      response.writeHead(500, { 'content-type': 'application/json; charset=utf-8' });
      response.end('{"error":"option \\"stop\\" must be of type array"}');
    });
    const session = rig.open({});
    await until(() => session.ending()?.kind === 'end');
    expect(session.of('head')[0]?.status).toBe(500);
    expect(session.lines()).toEqual(['{"error":"option \\"stop\\" must be of type array"}']);
  });

  it('for num_predict 0 is answered here and never reaches Ollama', async () => {
    const { rig, ollama } = await setup(answer);
    const session = rig.open({ options: { num_predict: 0 } });
    await until(() => session.ending()?.kind === 'end');
    expect(session.of('head')[0]?.status).toBe(400);
    expect(JSON.parse(session.lines()[0] ?? '')).toHaveProperty('error');
    expect(ollama.exchanges).toHaveLength(0);
    expect(stats(rig)?.rejected).toBe(1);
  });

  it('may come in parts', async () => {
    const { rig, ollama } = await setup(answer);
    const session = rig.open({ prompt: 'x'.repeat(1_000) }, { partBytes: 100 });
    await until(() => session.ending()?.kind === 'end');
    expect(JSON.parse(ollama.exchanges[0]?.body ?? '')).toEqual({ prompt: 'x'.repeat(1_000) });
    // Each but the last, after which the answer begins.
    expect(session.of('parts').map(({ received }) => received)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('is refused if a part does not arrive, and its place is free again', async () => {
    const { rig } = await setup(answer);
    const session = rig.open('', { bodyBytes: 10, partBytes: 5 });
    await until(() => session.of('accepted').length > 0);
    await rig.pass(10_000);
    expect(session.ending()).toMatchObject({ kind: 'refused', code: 'bad-request' });
    await rig.pass(100);
    expect(rig.load()).toMatchObject({ busy: 0, queued: 0 });
  });

  it('is refused when its body is larger than maxBodyBytes', async () => {
    const { rig } = await setup(answer, { maxBodyBytes: 10 });
    const session = rig.open({ prompt: 'longer than that' });
    await until(() => session.ending() !== undefined);
    expect(session.ending()).toMatchObject({ kind: 'refused', code: 'bad-request' });
  });

  it('with the same stream id as one that runs is ignored', async () => {
    const { rig, ollama } = await setup(firstLine);
    const session = rig.open({}, { streamId: 'twice' });
    await until(() => session.lines().length === 1);
    rig.open({}, { streamId: 'twice', grants: false });
    await rig.pass(100);
    expect(ollama.exchanges).toHaveLength(1);
    expect(rig.load()).toMatchObject({ busy: 1, queued: 0 });
  });
});

function refuse(status: number, contentType: string, body: string): FakeHandler {
  return ({ response }) => {
    response.writeHead(status, { 'content-type': contentType });
    response.end(body);
  };
}

describe('when Ollama misbehaves', () => {
  it.each<[string, FakeHandler, string, string]>([
    [
      'resets the connection in the middle of a line',
      ({ response, socket }) => {
        response.writeHead(200, ndjson);
        response.write('{"response":"1"}\n{"resp', () => socket.resetAndDestroy());
      },
      'upstream-lost',
      'broke',
    ],
    [
      'closes without the last HTTP chunk',
      ({ response, socket }) => {
        response.writeHead(200, ndjson);
        response.write('{"response":"1"}\n', () => socket.destroy());
      },
      'upstream-lost',
      'broke',
    ],
    ['closes before it answers', ({ socket }) => void socket.destroy(), 'upstream-lost', 'broke'],
    [
      'ends a stream without done',
      ({ response }) => {
        response.writeHead(200, ndjson);
        response.end('{"response":"1"}\n');
      },
      'bad-upstream',
      'without done',
    ],
    [
      'answers HTML',
      ({ response }) => {
        response.writeHead(200, { 'content-type': 'text/html' });
        response.end('<html>hello</html>');
      },
      'bad-upstream',
      'text/html',
    ],
    [
      'redirects',
      ({ response }) => {
        response.writeHead(302, { location: 'http://example.test/' });
        response.end();
      },
      'bad-upstream',
      'redirects',
    ],
    [
      'sends a line that is not JSON',
      ({ response }) => {
        response.writeHead(200, ndjson);
        response.end('{"response":"1"}\nBANG\n');
      },
      'bad-upstream',
      'not JSON',
    ],
    [
      'does not speak HTTP',
      ({ socket }) => void socket.end('SSH-2.0-OpenSSH_9.9\r\n\r\n'),
      'bad-upstream',
      '',
    ],
    ['sends an unasked 100 Continue', ({ response }) => response.writeContinue(), 'bad-upstream', ''],
  ])('and %s, the stream fails at once and the slot is free', async (_what, handler, code, words) => {
    let misbehave = true;
    const { rig } = await setup((exchange) => (misbehave ? handler(exchange) : answer(exchange)));
    const session = rig.open({});
    expect(await failure(rig, session)).toMatchObject({
      kind: 'fail',
      code,
      message: expect.stringContaining(words),
    });
    misbehave = false;
    await rig.pass(300);
    await until(() => rig.load()?.state === 'ready' && rig.load()?.busy === 0, 'recovery');
    const next = rig.open({});
    await until(() => next.ending()?.kind === 'end');
  });

  it.each<[string, FakeHandler, string]>([
    ['answers 503', refuse(503, 'application/json', '{"error":"server busy"}'), 'answered 503: server busy'],
    ['answers pages of a proxy', refuse(502, 'text/html', '<html>'), 'answered 502: the host answered 502'],
    ['resets every connection', ({ socket }) => void socket.destroy(), 'the connection broke'],
  ])(
    'and %s although its probes are good, the load report shows the refusal until it serves',
    async (_what, handler, reason) => {
      let ill = true;
      const { rig } = await setup((exchange) => (ill ? handler(exchange) : answer(exchange)));
      for (let time = 0; time < 3; time += 1) {
        const session = rig.open({});
        await until(() => session.ending() !== undefined);
      }
      await rig.pass(100);
      expect(rig.load()).toMatchObject({
        state: 'ready',
        refusals: [{ inRow: 3, reason: expect.stringContaining(reason) }],
      });
      expect(rig.logged.filter((line) => line.startsWith('Ollama one refuses every model'))).toHaveLength(1);
      ill = false;
      await rig.pass(6_000);
      const next = rig.open({});
      await until(() => next.ending()?.kind === 'end');
      await rig.pass(100);
      expect(rig.load()?.refusals).toBeUndefined();
    },
  );

  it('and answers 500, the model does not count as loaded', async () => {
    const { rig } = await setup(refuse(500, 'application/json', '{"error":"out of memory"}'));
    const session = rig.open({});
    await until(() => session.ending()?.kind === 'end');
    await rig.pass(100);
    expect(rig.load()?.models).toMatchObject([{ name: 'm:latest', loaded: false }]);
  });

  it('and answers 404 for a deleted model, it is probed at once', async () => {
    const { rig, ollama } = await setup(refuse(404, 'application/json', '{"error":"model not found"}'));
    ollama.answers['/api/tags'] = { models: [] };
    const session = rig.open({});
    await until(() => session.ending()?.kind === 'end');
    await rig.pass(500);
    await until(() => rig.reports.at(-1)?.instances[0]?.models.length === 0);
  });

  it('and answers with another protocol, the instance is down until a good probe', async () => {
    const { rig, ollama } = await setup(({ response }) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<html>');
    });
    ollama.answers['/api/tags'] = () => {};
    await failure(rig, rig.open({}));
    await rig.pass(20);
    expect(rig.load()?.state).toBe('down');
    const refused = rig.open({});
    expect(await failure(rig, refused)).toMatchObject({
      kind: 'refused',
      code: 'instance-down',
      message: expect.stringContaining('text/html'),
    });
    ollama.answers['/api/tags'] = { models: [] };
    await rig.pass(2_000);
    await until(() => rig.agent.stats()['one']?.failedProbes === 1);
    await rig.pass(6_000);
    await until(() => rig.logged.filter((line) => line.endsWith('is ready')).length === 2);
    await rig.pass(50);
    expect(rig.load()?.state).toBe('ready');
  });

  it('and is silent before the first byte, the attempt ends after the first-byte timeout of the request', async () => {
    const { rig, ollama } = await setup(hold);
    const session = rig.open({}, { firstByteTimeoutMs: 30_000 });
    await until(() => ollama.exchanges.length === 1);
    await rig.pass(29_500);
    expect(session.ending()).toBeUndefined();
    expect(session.of('beat').at(-1)).toMatchObject({ phase: 'waiting', next: 1, position: 0 });
    expect(session.of('beat').length).toBeGreaterThan(25);
    await rig.pass(1_000);
    expect(session.ending()).toMatchObject({ kind: 'fail', code: 'upstream-stalled', lines: 0 });
    await until(() => ollama.exchanges[0]?.left() === true);
  });

  it('and stops between two tokens, the attempt ends after the inter-token timeout of the request', async () => {
    const { rig, ollama } = await setup(firstLine);
    const session = rig.open({}, { interTokenTimeoutMs: 5_000 });
    await until(() => session.lines().length === 1);
    await rig.pass(5_000);
    expect(session.ending()).toMatchObject({ kind: 'fail', code: 'upstream-stalled', lines: 1 });
    await until(() => ollama.exchanges[0]?.left() === true);
    expect(stats(rig)?.failed['upstream-stalled']).toBe(1);
  });

  it('and keeps the connection open after a complete stream, the answer is complete', async () => {
    const { rig } = await setup(({ response }) => {
      response.writeHead(200, ndjson);
      response.write('{"done":true}\n');
    });
    const session = rig.open({});
    await until(() => session.lines().length === 1);
    await rig.pass(5_000);
    expect(session.ending()).toMatchObject({ kind: 'end', lines: 1 });
  });

  it('and has closed an idle connection, the request is sent once more', async () => {
    let calls = 0;
    const { rig, ollama } = await setup((exchange) => {
      calls += 1;
      if (calls === 2) exchange.socket.destroy();
      else answer(exchange);
    });
    const first = rig.open({});
    await until(() => first.ending()?.kind === 'end');
    const second = rig.open({});
    await until(() => second.ending() !== undefined);
    expect(second.ending()?.kind).toBe('end');
    expect(ollama.exchanges).toHaveLength(3);
  });

  it('and a reused connection breaks after the first byte, the request is not sent again', async () => {
    let calls = 0;
    const { rig, ollama } = await setup((exchange) => {
      calls += 1;
      if (calls === 1) return answer(exchange);
      firstLine(exchange);
      exchange.response.write('{"a":1}\n', () => exchange.socket.destroy());
    });
    await failure(rig, rig.open({}));
    expect(await failure(rig, rig.open({}))).toMatchObject({ kind: 'fail', code: 'upstream-lost' });
    expect(ollama.exchanges).toHaveLength(2);
  });
});

describe('leaving Ollama', () => {
  const leaves: [string, (rig: AgentRig, session: ReturnType<AgentRig['open']>) => Promise<void> | void][] = [
    ['a cancel', (_rig, session) => session.cancel()],
    [
      'the end of the session',
      async (rig, session) => {
        await session.die();
        // A young request is not watched yet.
        await rig.pass(250);
      },
    ],
    [
      'silence of the receiver',
      async (rig, session) => {
        session.fallSilent();
        await rig.pass(6_100);
      },
    ],
    ['the deadline', (rig) => rig.pass(50_000)],
  ];
  for (const [phase, handler] of [
    ['in prefill', hold],
    ['in decode', firstLine],
  ] as const) {
    it.each(leaves)(
      `closes the connection on %s ${phase} and hands the slot on once`,
      async (_why, leave) => {
        const { rig, ollama } = await setup(handler);
        const session = rig.open({}, { timeoutMs: 50_000 });
        const next = rig.open({}, { timeoutMs: 500_000 });
        const third = rig.open({}, { timeoutMs: 500_000 });
        await until(
          () => ollama.exchanges.length === 1 && (handler === hold || session.lines().length === 1),
        );
        await leave(rig, session);
        await until(() => ollama.exchanges[0]?.left() === true, 'the closed connection');
        await until(() => ollama.exchanges.length === 2, 'the next request');
        await rig.pass(100);
        expect(rig.load()).toMatchObject({ busy: 1, queued: 1 });
        expect(ollama.exchanges).toHaveLength(2);
        expect(next.ending()).toBeUndefined();
        expect(third.ending()).toBeUndefined();
      },
    );
  }

  it('removes a queued request and does not affect the running one', async () => {
    const { rig, ollama } = await setup(hold);
    rig.open({});
    await until(() => ollama.exchanges.length === 1);
    const queued = rig.open({});
    await until(() => queued.of('accepted')[0]?.position === 1);
    queued.cancel();
    await rig.pass(100);
    expect(rig.load()).toMatchObject({ busy: 1, queued: 0 });
    expect(ollama.exchanges[0]?.left()).toBe(false);
  });

  it('happens even when the cancel overtakes its open', async () => {
    const { rig, ollama } = await setup(hold);
    const session = rig.open({}, { streamId: 'overtaken' });
    session.cancel();
    const next = rig.open({ prompt: 'next' });
    await until(() => ollama.exchanges.length === 1);
    await rig.pass(100);
    expect(ollama.exchanges[0]?.body).toContain('next');
    expect(session.received).toEqual([]);
    expect(rig.load()).toMatchObject({ busy: 1, queued: 0 });
    next.cancel();
  });

  it('does not happen while the node of the session stalls and recovers', async () => {
    const { rig, ollama } = await setup(firstLine);
    const session = rig.open({});
    await until(() => session.lines().length === 1);
    rig.gateway.transport.disconnect();
    await rig.pass(4_500);
    expect(rig.node.presence.member('gw')?.state).toBe('unreachable');
    rig.gateway.transport.reconnect();
    session.grant();
    await rig.pass(3_000);
    ollama.exchanges[0]?.response.write('{"response":"2"}\n');
    await until(() => session.lines().length === 2, 'the next line');
    await session.die();
    await until(() => ollama.exchanges[0]?.left() === true, 'the closed connection');
  });

  it('happens at once when the node of the session has a new incarnation', async () => {
    const { rig, ollama } = await setup(hold);
    rig.open({});
    await until(() => ollama.exchanges.length === 1);
    rig.gateway.crash();
    const next = createTestNode(rig.hub, { nodeId: 'gw', roles: ['gateway'], incarnation: 2 });
    await rig.pass(500);
    await until(() => ollama.exchanges[0]?.left() === true, 'the closed connection');
    await next.leave();
  });

  it('happens when the node of the session goes down', async () => {
    const { rig, ollama } = await setup(hold);
    rig.open({});
    await until(() => ollama.exchanges.length === 1);
    rig.gateway.crash();
    await rig.pass(6_100);
    await until(() => ollama.exchanges[0]?.left() === true);
    expect(stats(rig)?.cancelled).toBe(1);
  });
});

describe('a slow reader', () => {
  it('does not slow down Ollama, and gets all lines once it reads', async () => {
    const count = 2_000;
    const { rig, ollama } = await setup(({ response }) => {
      response.writeHead(200, ndjson);
      for (let i = 1; i < count; i += 1) response.write(`{"n":${i}}\n`);
      response.end('{"done":true}\n');
    });
    const session = rig.open({}, { grants: false, grantedThrough: 10 });
    await until(() => ollama.exchanges[0]?.response.writableFinished === true);
    await until(() => session.lines().length === 10);
    await rig.pass(100);
    expect(session.lines()).toHaveLength(10);
    expect(rig.load()?.busy).toBe(0);
    session.send({ kind: 'grant', streamId: session.streamId, through: count, received: 10 });
    await until(() => session.ending()?.kind === 'end');
    expect(session.lines()).toHaveLength(count);
    session.grant();
    await until(() => rig.node.system.inspect().every(({ path }) => !path.includes('job')));
  });

  it('gets lost lines again', async () => {
    const { rig } = await setup(answer);
    const session = rig.open({}, { grants: false });
    await until(() => session.ending()?.kind === 'end');
    session.send({ kind: 'resume', streamId: session.streamId, from: 2 });
    await until(() => session.of('end').length === 2);
    expect(session.of('chunk').at(-1)).toMatchObject({ first: 2, lines: ['{"done":true}'] });
  });

  it('is dropped if too many answers wait for their readers', async () => {
    const { rig } = await setup(answer, { maxLingering: 1 });
    const first = rig.open({}, { grants: false, grantedThrough: 0 });
    await until(() => stats(rig)?.completed === 1);
    rig.open({}, { grants: false, grantedThrough: 0 });
    await until(() => first.ending() !== undefined);
    expect(first.ending()).toMatchObject({ kind: 'fail', code: 'reader-too-slow' });
  });
});
