import { createServer } from 'node:net';
import { Ollama } from 'ollama';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, runDrover, startCluster, stopLeftovers } from '../lib/cluster.ts';
import { recordFigure } from '../lib/figures.ts';
import { descendantsOf, isAlive, kill } from '../lib/processes.ts';
import { waitUntil } from '../lib/wait-until.ts';

afterAll(stopLeftovers);

describe('a started fleet', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    const before = performance.now();
    cluster = await startCluster(['--sim', '2']);
    recordFigure('start to ready', (performance.now() - before) / 1000, 's', '< 60');
  });

  it('streams an answer to plain HTTP and to the ollama and openai clients', async () => {
    expect(cluster.ready.processes.filter((process) => process.role === 'node-agent')).toHaveLength(2);
    expect(cluster.ready.processes.every((process) => isAlive(process.pid))).toBe(true);

    const plain = await fetch(`${cluster.url}/api/chat`, {
      method: 'POST',
      body: JSON.stringify({
        model: 'sim-count',
        messages: [{ role: 'user', content: 'count' }],
        options: { num_predict: 5 },
      }),
    });
    expect(plain.headers.get('content-type')).toBe('application/x-ndjson');
    expect(plain.headers.get('x-drover-simulated')).toBe('1');
    const lines = (await plain.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { message: { content: string }; done: boolean });
    expect(lines.map((line) => line.message.content).join('')).toBe('1 2 3 4 5');
    expect(lines.at(-1)?.done).toBe(true);

    const ollama = new Ollama({ host: cluster.url });
    let streamed = '';
    for await (const part of await ollama.chat({
      model: 'sim-count',
      messages: [{ role: 'user', content: 'count' }],
      stream: true,
      options: { num_predict: 7 },
    })) {
      streamed += part.message.content;
    }
    expect(streamed).toBe('1 2 3 4 5 6 7');
    expect((await ollama.list()).models.map((model) => model.name)).toContain('sim-count:latest');
    // A node-agent probes its Ollama a quarter of a second after a request that loaded a model.
    await waitUntil('the model is listed as running', async () =>
      (await ollama.ps()).models.some((model) => model.name === 'sim-count:latest'),
    );
    expect((await ollama.show({ model: 'sim-count' })).details.family).toBeTypeOf('string');

    const openai = new OpenAI({ baseURL: `${cluster.url}/v1`, apiKey: 'unused', maxRetries: 0 });
    const stream = await openai.chat.completions.create({
      model: 'sim-count',
      messages: [{ role: 'user', content: 'count' }],
      max_tokens: 6,
      stream: true,
    });
    let received = '';
    for await (const chunk of stream) received += chunk.choices[0]?.delta.content ?? '';
    expect(received).toBe('1 2 3 4 5 6');
    const whole = await openai.chat.completions.create({
      model: 'sim-count',
      messages: [{ role: 'user', content: 'count' }],
      max_tokens: 3,
    });
    expect(whole.choices[0]?.message.content).toBe('1 2 3');
    expect(whole.usage?.completion_tokens).toBe(3);
    const ids: string[] = [];
    for await (const model of openai.models.list()) ids.push(model.id);
    expect(ids).toContain('sim-count:latest');
  });

  it('lists its nodes in status, with the age and source of the evidence', async () => {
    const { code, stdout } = await runDrover(['status', '--url', cluster.url, '--json']);
    expect(code).toBe(0);
    const { nodes } = JSON.parse(stdout) as {
      nodes: {
        id: string;
        role: string;
        pid: number;
        state: string;
        evidenceAgeMs: number;
        evidenceSource: string;
        models: { name: string }[];
      }[];
    };
    expect(nodes.map((node) => node.role).toSorted()).toEqual([
      'gateway',
      'host',
      'node-agent',
      'node-agent',
    ]);
    for (const node of nodes) {
      expect(node.evidenceAgeMs).toBeLessThan(3_000);
      expect(node.evidenceSource).not.toBe('');
    }
    expect(nodes.find((node) => node.role === 'node-agent')?.models.map((model) => model.name)).toContain(
      'sim-count:latest',
    );
    const doctor = await runDrover(['doctor', '--url', cluster.url, '--json']);
    expect(doctor.code).toBe(0);
  });

  it('is refused as an Ollama address', async () => {
    const { code, stderr } = await runDrover(['up', '--port', '0', '--ollama', cluster.url]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/drover/i);
  });

  it('ends all its processes on SIGINT', async () => {
    const pids = cluster.ready.processes.map((process) => process.pid);
    expect(await cluster.stop()).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
  });
});

describe('drover up', () => {
  it('leaves no process behind when it is killed', async () => {
    const cluster = await startCluster(['--sim', '2']);
    const children = descendantsOf(cluster.ready.pid);
    expect(children.length).toBeGreaterThanOrEqual(6);
    const before = performance.now();
    kill(cluster.ready.pid);
    await waitUntil('every child is gone', () => children.every((pid) => !isAlive(pid)), {
      timeoutMs: 5_000,
    });
    recordFigure('SIGKILL of drover up to last child gone', (performance.now() - before) / 1000, 's', '<= 5');
  });

  it('stops at once on a second signal', async () => {
    const cluster = await startCluster(['--sim', '2']);
    const children = descendantsOf(cluster.ready.pid);
    const held = await fetch(`${cluster.url}/api/chat`, {
      method: 'POST',
      body: JSON.stringify({
        model: 'sim-count',
        messages: [{ role: 'user', content: 'count' }],
        options: { num_predict: 5_000 },
      }),
    });
    cluster.child.kill('SIGINT');
    await waitUntil(
      'the stop has begun',
      () =>
        cluster.events.some((event) => event['event'] === 'stopping') || /stopping/i.test(cluster.stderr()),
    );
    // A signal that follows the first within a moment counts as its repetition, since npm passes signals on too.
    await waitUntil(
      'drover up has ended',
      () => {
        cluster.child.kill('SIGINT');
        return cluster.child.exitCode !== null;
      },
      { everyMs: 300 },
    );
    expect(await cluster.exitCode()).toBe(130);
    await held.body?.cancel().catch(() => undefined);
    await waitUntil('every child is gone', () => children.every((pid) => !isAlive(pid)));
  });

  it('exits with 4 if its explicit port is in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { code, stderr } = await runDrover(['up', '--sim', '1', '--port', String(port)]);
    server.close();
    expect(code).toBe(4);
    expect(stderr).toContain(String(port));
  });

  it.each([
    [['up', '--sim', '2', '--ollama', 'http://127.0.0.1:1'], 'sim'],
    [['up', '--no-such-flag'], 'no-such-flag'],
    [['up', '--port', 'abc'], 'port'],
    [['up', '--slots', '0'], 'slots'],
    [['up', '--durability', 'maybe'], 'durability'],
    [['nonsense'], 'nonsense'],
  ])('refuses %j with exit code 2, naming the culprit', async (args, culprit) => {
    const { code, stdout, stderr } = await runDrover(args);
    expect(code).toBe(2);
    expect(stderr).toContain(culprit);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toBe('');
  });
});
