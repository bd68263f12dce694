import { afterAll, beforeAll, describe, it } from 'vitest';
import { type Cluster, startCluster, stopLeftovers } from '../lib/cluster.ts';
import { recordFigure } from '../lib/figures.ts';
import { type ScriptedHost, startScriptedHost } from '../lib/scripted-host.ts';
import { type SimHost, startSimHost, stopSimHosts } from '../lib/sim-host.ts';
import { startCount } from '../lib/count-stream.ts';
import { waitUntil } from '../lib/wait-until.ts';

/** The silent requests of this scenario run in parallel, in real time, each on its own host. */
const prefillMs = 60_000;
const toolCallMs = 40_000;

let prefilling: ScriptedHost;
let calling: ScriptedHost;
let leaking: SimHost;
let cluster: Cluster;

beforeAll(async () => {
  prefilling = await startScriptedHost('reads-slowly', (post) => {
    const said = { model: 'reads-slowly', response: 'hello' };
    if (post.number === 1) post.say(said);
    else setTimeout(() => post.end({ ...said, done: true, done_reason: 'stop' }), prefillMs);
  });
  calling = await startScriptedHost('calls-tools', (post) => {
    const message = { role: 'assistant', content: 'I write the file.' };
    const call = { id: 'call_1', function: { index: 0, name: 'write_file', arguments: { text: 'long' } } };
    post.say({ model: 'calls-tools', message, done: false });
    setTimeout(() => {
      post.say({
        model: 'calls-tools',
        message: { role: 'assistant', content: '', tool_calls: [call] },
        done: false,
      });
      post.end({
        model: 'calls-tools',
        message: { role: 'assistant', content: '' },
        done: true,
        done_reason: 'stop',
      });
    }, toolCallMs);
  });
  leaking = await startSimHost({ tps: 50 });
  cluster = await startCluster([
    '--ollama',
    prefilling.url,
    '--ollama',
    calling.url,
    '--ollama',
    leaking.url,
  ]);
});

afterAll(async () => {
  await cluster.stop();
  await prefilling.close();
  await calling.close();
  await stopLeftovers();
  await stopSimHosts();
});

async function ask(path: string, body: object, signal?: AbortSignal): Promise<Response> {
  return fetch(cluster.url + path, { method: 'POST', body: JSON.stringify(body), ...(signal && { signal }) });
}

describe.concurrent('a host that is silent', () => {
  it('for a minute of prefill after a disconnect is not interrupted', { timeout: 100_000 }, async ({
    expect,
  }) => {
    const leaving = new AbortController();
    const left = await ask('/api/generate', { model: 'reads-slowly', prompt: 'hi' }, leaving.signal);
    await left.body?.getReader().read();
    leaving.abort();
    const startMs = performance.now();
    const prompt = 'one word after the other '.repeat(70);
    const answer = await ask('/api/generate', { model: 'reads-slowly', prompt });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('"done":true');
    expect(prefilling.posts.map(({ path }) => path)).toEqual(['/api/generate', '/api/generate']);
    recordFigure('prefill of 60 s after a disconnect', (performance.now() - startMs) / 1_000, 's', '<= 62');
  });

  it('while it writes a tool call is answered completely on /v1', { timeout: 100_000 }, async ({
    expect,
  }) => {
    const answer = await ask('/v1/chat/completions', {
      model: 'calls-tools',
      stream: true,
      messages: [{ role: 'user', content: 'write' }],
      tools: [
        {
          type: 'function',
          function: { name: 'write_file', parameters: { type: 'object', properties: {} } },
        },
      ],
    });
    const text = await answer.text();
    expect(text).toContain('write_file');
    expect(text.trim().endsWith('data: [DONE]')).toBe(true);
  });

  it('because of a lost slot is repaired, and the waiting request is answered', { timeout: 150_000 }, async ({
    expect,
  }) => {
    const warm = await startCount(cluster.url, { upTo: 2 }).outcome;
    expect(warm).toMatchObject({ ending: 'complete', detail: '' });
    await leaking.fault({ kind: 'leak', times: 1 });
    const left = startCount(cluster.url, { upTo: 10_000 });
    await left.reached(3);
    left.abort();
    await waitUntil('the slot is lost', async () => {
      const { loaded } = (await (await fetch(`${leaking.url}/sim/state`)).json()) as {
        loaded: { leaked: number }[];
      };
      return loaded.some(({ leaked }) => leaked === 1);
    });
    const startMs = performance.now();
    const next = await startCount(cluster.url, { upTo: 3 }).outcome;
    expect(next.ending).toBe('complete');
    recordFigure(
      'lost slot to answer, no sight of the runner',
      (performance.now() - startMs) / 1_000,
      's',
      '<= 100',
    );
  });
});
