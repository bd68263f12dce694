import { afterEach, describe, expect, it } from 'vitest';
import { modelLoad } from '@drover/fleet/testing';
import { evidenceOf } from '../testing/scripted-fleet.ts';
import { startScriptedGateway } from '../testing/scripted-gateway.ts';
import { type Stack, startStack } from '../testing/stack.ts';

const stacks: Stack[] = [];
afterEach(async () => {
  for (const stack of stacks.splice(0)) await stack.end();
});

async function setup() {
  const stack = await startStack();
  stacks.push(stack);
  const [sim] = stack.sims;
  if (sim === undefined) throw new Error('no simulated Ollama');
  const ask = async (path: string): Promise<{ status: number; body: string; retryAfter: string | null }> => {
    const response = await fetch(`${stack.gateway.url}${path}`, {
      method: 'POST',
      body: JSON.stringify({
        model: 'sim-count',
        messages: [{ role: 'user', content: 'count' }],
        stream: true,
        max_tokens: 20,
        options: { num_predict: 20 },
      }),
    });
    const retryAfter = response.headers.get('retry-after');
    return { status: response.status, body: await response.text(), retryAfter };
  };
  return { stack, sim, ask };
}

/** Addresses as they could appear in an error: a URL, an IPv4 address, a host with a port. */
const address = /\w+:\/\/|\d+\.\d+\.\d+\.\d+|localhost|:\d{4,5}\b/;
const dialects = ['/api/chat', '/v1/chat/completions'] as const;

describe('an error that a client sees', () => {
  it.each(['cut', 'badjson', 'html', '503', 'oom', 'kill-runner'] as const)(
    'names no address when the fault is %s',
    async (kind) => {
      const { sim, ask } = await setup();
      for (const path of dialects) {
        sim.fault({ kind, after: ['html', '503', 'oom'].includes(kind) ? 0 : 3, times: 1 });
        const { body } = await ask(path);
        expect(body).toMatch(/error/);
        expect(body).not.toMatch(address);
      }
    },
  );

  it('names no address when the host no longer listens', async () => {
    const { sim, ask } = await setup();
    await sim.close();
    for (const path of [...dialects, ...dialects]) {
      const { status, body, retryAfter } = await ask(path);
      expect({ status, retryAfter }).toEqual({ status: 503, retryAfter: expect.stringMatching(/^\d+$/) });
      expect(body).toMatch(/error/);
      expect(body).not.toMatch(address);
    }
  });
});

describe('an unload', () => {
  it.each([
    [503, 503],
    [500, 502],
    [404, 200],
  ])(
    'that one of two holders answers with %i ends with %i, since the model may still be loaded',
    async (status, answered) => {
      await using rig = await startScriptedGateway();
      rig.fleet.evidence = ['host-a', 'host-b'].map((node) =>
        evidenceOf(node, { models: [modelLoad({ name: 'm:latest' })] }),
      );
      const asked = rig.post('/api/generate', { model: 'm', keep_alive: 0 });
      const other = await rig.fleet.next();
      other.head({ status, contentType: 'application/json', node: 'host-b' });
      other.lines('{"error":"no"}');
      other.end();
      if (answered === 200) {
        const last = await rig.fleet.next();
        last.head({ contentType: 'application/json' });
        last.lines('{"done":true,"done_reason":"unload"}');
        last.end();
      }
      const response = await asked;
      expect(response.status).toBe(answered);
      expect(response.headers.has('retry-after')).toBe(answered === 503);
    },
  );
});

describe('the refusal of a host', () => {
  it.each(dialects)('reaches the client of %s with its status and its own headers', async (path) => {
    await using rig = await startScriptedGateway();
    const asked = rig.post(path, { model: 'm', messages: [{ role: 'user', content: 'x' }] });
    const call = await rig.fleet.next();
    const headers = { 'retry-after': '17', warning: '299 - "low on memory"' };
    call.head({ status: 503, contentType: 'application/json', headers, retryAfterMs: 17_000 });
    call.lines('{"error":"server busy"}');
    call.end();
    const response = await asked;
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('17');
    expect(response.headers.get('warning')).toBe('299 - "low on memory"');
    expect(await response.text()).toContain('server busy');
  });

  it.each([
    [429, 4_200, '5'],
    [503, 0, '1'],
    [500, 4_200, null],
  ])(
    'with status %i gets a computed Retry-After if the host sent none',
    async (status, retryAfterMs, sent) => {
      await using rig = await startScriptedGateway();
      const asked = rig.post('/api/chat', { model: 'm', messages: [] });
      const call = await rig.fleet.next();
      call.head({ status, contentType: 'application/json', retryAfterMs });
      call.lines('{"error":"no"}');
      call.end();
      expect((await asked).headers.get('retry-after')).toBe(sent);
    },
  );
});
