import { systemClock } from '@drover/actor-core';
import { startOllamaSim, type OllamaSimOptions } from '@drover/ollama-sim';
import { afterEach, describe, expect, it } from 'vitest';
import type { NodeAgentOptions } from './config.ts';
import { startRig, until } from './testing/agent-rig.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function setup(sim: OllamaSimOptions = {}, options: Partial<NodeAgentOptions> = {}) {
  const ollama = await startOllamaSim({ models: ['sim-count'], tokensPerSecond: 500, loadMs: 250, ...sim });
  ends.push(() => ollama.close());
  const rig = await startRig({ instances: [{ name: 'one', url: ollama.url }], ...options }, systemClock);
  ends.push(() => rig.end());
  const count = (tokens: number) =>
    rig.open(
      { model: 'sim-count', prompt: 'count', options: { num_predict: tokens } },
      { model: 'sim-count' },
    );
  return { ollama, rig, count };
}

const text = (lines: readonly string[]) =>
  lines.map((line) => (JSON.parse(line) as { response?: string }).response ?? '').join('');
const numbers = (lines: readonly string[]) => text(lines).trim().split(/\s+/).map(Number);
const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1);

describe('with a simulated Ollama', () => {
  it('passes every token on once and in order, and reports the model loaded', async () => {
    const { rig, count } = await setup();
    await until(() => rig.load()?.state === 'ready');
    expect(rig.load()).toMatchObject({ simulated: true });
    const session = count(50);
    await until(() => session.ending()?.kind === 'end');
    const got = numbers(session.lines());
    expect(got).toEqual(upTo(got.length));
    expect(got.length).toBeGreaterThan(20);
    await until(() => rig.load()?.models.find(({ name }) => name.startsWith('sim-count'))?.loaded === true);
  });

  it('frees the slot within a second of a cancel, in decode and in prefill', async () => {
    const { rig, ollama, count } = await setup({ tokensPerSecond: 20 });
    const decoding = count(1_000);
    await until(() => decoding.lines().length > 2);
    const busy = () => ollama.state().busy;
    expect(busy()).toBe(1);
    decoding.cancel();
    await until(() => busy() === 0, 'a free slot', 1_000);
    const prefilling = rig.open(
      { model: 'sim-count', prompt: 'word '.repeat(3_000), options: { num_predict: 5, num_ctx: 8_192 } },
      { model: 'sim-count' },
    );
    await until(() => prefilling.of('accepted').length === 1 && busy() === 1);
    prefilling.cancel();
    await until(() => busy() === 0, 'a free slot', 1_000);
  });

  it('loads a model once for each larger context, however requests with and without one alternate', async () => {
    const { ollama, rig } = await setup({ loadMs: 10, contextLength: 4096 });
    await until(() => rig.load()?.state === 'ready');
    const ask = async (options: object) => {
      const request = { model: 'sim-count', prompt: 'count', options: { num_predict: 2, ...options } };
      const session = rig.open(request, { model: 'sim-count' });
      await until(() => session.ending()?.kind === 'end');
      return session.of('head')[0]?.headers?.['x-drover-runner-options'];
    };
    const listed = (context: number) =>
      until(() => rig.load()?.models.some(({ contextLength }) => contextLength === context) === true);
    expect(await ask({})).toBeUndefined();
    await listed(4096);
    expect(await ask({ num_ctx: 1024, num_gpu: 0 })).toBe(
      'num_ctx=unset (asked 1024), num_gpu=unset (asked 0)',
    );
    expect(await ask({ num_ctx: 8192 })).toBeUndefined();
    await listed(8192);
    const answers = await Promise.all([ask({}), ask({ num_ctx: 2048 }), ask({}), ask({ num_ctx: 8192 })]);
    expect(answers.filter((told) => told !== undefined)).toEqual([
      'num_ctx=8192 (asked unset)',
      'num_ctx=8192 (asked 2048)',
      'num_ctx=8192 (asked unset)',
    ]);
    expect(ollama.state()).toMatchObject({ loads: 2, reloads: 1 });
  });

  it.each([
    ['cut', 'upstream-lost'],
    ['badjson', 'bad-upstream'],
    ['html', 'bad-upstream'],
  ] as const)('fails the stream at the fault %s as %s', async (kind, code) => {
    const { ollama, count, rig } = await setup();
    const warm = count(3);
    await until(() => warm.ending()?.kind === 'end');
    // The probe after the load is over: the next one is seconds away and does not meet the fault first.
    await until(() => rig.load()?.models.some(({ loaded }) => loaded) === true);
    ollama.fault({ kind, after: kind === 'html' ? 0 : 5 });
    const session = count(50);
    await until(() => session.ending() !== undefined);
    expect(session.ending()).toMatchObject({ kind: 'fail', code });
    const got = numbers(session.lines()).filter((n) => n > 0);
    expect(got).toEqual(upTo(got.length));
    expect(rig.agent.stats()['one']?.failed[code]).toBe(1);
  });

  it('passes on the error of Ollama when its runner dies', async () => {
    const { ollama, count } = await setup();
    ollama.fault({ kind: 'kill-runner', after: 5 });
    const session = count(50);
    await until(() => session.ending()?.kind === 'end');
    expect(JSON.parse(session.lines().at(-1) ?? '')).toHaveProperty('error');
  });

  it('ends a frozen stream after the inter-token timeout of the request and frees its slot', async () => {
    const { ollama, rig } = await setup();
    ollama.fault({ kind: 'freeze', after: 5 });
    const session = rig.open(
      { model: 'sim-count', prompt: 'count', options: { num_predict: 50 } },
      { model: 'sim-count', interTokenTimeoutMs: 300 },
    );
    await until(() => session.ending() !== undefined);
    expect(session.ending()).toMatchObject({ kind: 'fail', code: 'upstream-stalled' });
    await until(() => ollama.state().busy === 0);
  });
});
