import type { RequestDecisions } from '@drover/fleet';
import { afterEach, describe, expect, it } from 'vitest';
import { type Stack, startStack } from '../../testing/stack.ts';
import { until } from '../../testing/until.ts';
import type { StatusView } from './status.ts';

const stacks: Stack[] = [];
afterEach(async () => {
  for (const stack of stacks.splice(0)) await stack.end();
});

async function setup() {
  const stack = await startStack({ sims: [{}, {}] });
  stacks.push(stack);
  const { url } = stack.gateway;
  await until(async () => {
    const report = (await (await fetch(`${url}/api/v1/status`)).json()) as StatusView;
    const ready = report.nodes.flatMap(({ instances }) => instances.filter(({ state }) => state === 'ready'));
    return ready.length === 2;
  }, 'both hosts have reported');
  const ask = async (path: string, body: object): Promise<{ requestId: string; node: string | null }> => {
    const response = await fetch(url + path, { method: 'POST', body: JSON.stringify(body) });
    await response.text();
    const requestId = response.headers.get('x-drover-request-id') ?? '';
    return { requestId, node: response.headers.get('x-drover-node') };
  };
  const why = async (requestId: string) => {
    const response = await fetch(`${url}/api/v1/why/${requestId}`);
    return { status: response.status, body: (await response.json()) as RequestDecisions };
  };
  return { stack, ask, why };
}

const question = { model: 'sim-count', prompt: 'count', options: { num_predict: 3 } };

describe('GET /api/v1/why/{requestId}', () => {
  it('shows each attempt of a request that every host refused', async () => {
    const { stack, ask, why } = await setup();
    for (const sim of stack.sims) sim.fault({ kind: '503' });
    const { requestId } = await ask('/api/generate', question);
    const { body } = await why(requestId);
    expect(body).toMatchObject({
      outcome: 'refused',
      attempts: [
        { outcome: 'refused', status: 503, message: expect.stringContaining('server busy') },
        { outcome: 'refused', status: 503 },
      ],
    });
    expect(new Set(body.attempts.map(({ node }) => node)).size).toBe(2);
    expect(body.candidates.map(({ reason }) => reason)).toEqual(['chosen', 'it was tried before']);
  });

  it('shows a request that was served', async () => {
    const { ask, why } = await setup();
    const { requestId, node } = await ask('/api/generate', question);
    const { status, body } = await why(requestId);
    expect(status).toBe(200);
    expect(body).toEqual({
      requestId,
      model: 'sim-count:latest',
      residencyKey: expect.stringMatching(/^[0-9a-f]{12}$/),
      chosen: { node, instance: 'ollama' },
      candidates: [
        {
          node,
          instance: 'ollama',
          cost: expect.any(Number),
          parts: {
            queueMs: 0,
            loadMs: expect.any(Number),
            loaded: expect.any(Boolean),
            slots: 1,
            busy: 0,
            queued: 0,
            pending: expect.any(Number),
            evidenceAgeMs: expect.any(Number),
          },
          reason: 'chosen',
        },
        expect.objectContaining({
          instance: 'ollama',
          reason: expect.stringMatching(/choice was random|load the model/),
        }),
      ],
      routing: { healthMs: expect.any(Number), breakerMs: expect.any(Number), usable: 2, avoided: 0 },
      attempts: [
        {
          node,
          instance: 'ollama',
          startedMs: expect.any(Number),
          endedMs: expect.any(Number),
          outcome: 'served',
          status: 200,
        },
      ],
      outcome: 'served',
      ageMs: expect.any(Number),
    });
  });

  it('shows a request that only loads a model', async () => {
    const { ask, why } = await setup();
    const { requestId } = await ask('/api/generate', { model: 'sim-count' });
    expect(await why(requestId)).toMatchObject({ status: 200, body: { requestId, outcome: 'served' } });
  });

  it('answers 404 for an unknown request', async () => {
    const { why } = await setup();
    expect(await why('nosuch')).toMatchObject({
      status: 404,
      body: { error: { code: 'request-not-found', message: expect.stringContaining('nosuch') } },
    });
  });
});
