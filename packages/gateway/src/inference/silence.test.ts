import { afterEach, describe, expect, it } from 'vitest';
import { type Stack, type StackOptions, startStack } from '../testing/stack.ts';

let stack: Stack | undefined;
afterEach(async () => {
  await stack?.end();
  stack = undefined;
});

async function start(
  options: StackOptions,
): Promise<(path: string, body: object, headers?: object) => Promise<Response>> {
  const { gateway } = (stack = await startStack(options));
  return (path, body, headers = {}) =>
    fetch(gateway.url + path, { method: 'POST', body: JSON.stringify(body), headers: { ...headers } });
}

const question = { model: 'sim-count', messages: [{ role: 'user', content: 'count' }], stream: true };
/** At 600 tokens a minute, the prefill of these words takes a minute. */
const slowReader = { sims: [{ prefillTokensPerSecond: 10 }] };
const longQuestion = { ...question, messages: [{ role: 'user', content: 'word '.repeat(600) }] };

const dialects = [
  ['/api/chat', (body: unknown) => (body as { error: string }).error],
  ['/v1/chat/completions', (body: unknown) => (body as { error: { message: string } }).error.message],
] as const;

describe.each(dialects)('on %s', (path, messageOf) => {
  it('answers 504 after a deadline of one millisecond', async () => {
    const post = await start({});
    for (let i = 0; i < 20; i++) {
      const answer = await post(path, question, { 'x-drover-timeout-ms': '1' });
      expect([answer.status, answer.headers.get('x-drover-timeout-ms')]).toEqual([504, '1']);
      expect(messageOf(await answer.json())).toContain('deadline');
    }
  });

  it('answers 504 if no byte arrives within the first-byte timeout', async () => {
    const post = await start({ ...slowReader, gateway: { firstByteTimeoutMs: 300 } });
    const answer = await post(path, longQuestion);
    expect(answer.status).toBe(504);
    expect(messageOf(await answer.json())).toContain('first-byte timeout of the request (300 ms)');
  });

  it('ends the stream with an error after silence longer than the inter-token timeout', async () => {
    const post = await start({ gateway: { interTokenTimeoutMs: 300 } });
    stack?.sims[0]?.fault({ kind: 'freeze', after: 5 });
    const answer = await post(path, question);
    expect(answer.status).toBe(200);
    const frames = (await answer.text()).trim().split(/\n+/);
    const last = frames.at(-1)?.replace(/^data: /, '') ?? '';
    expect(messageOf(JSON.parse(last))).toContain('inter-token timeout of the request (300 ms)');
  });

  it('answers a slow tool call completely', async () => {
    const post = await start({
      sims: [{ models: [{ name: 'sim-tools', toolCallTokens: 60 }], tokensPerSecond: 40 }],
      agent: { silenceLookMs: 20 },
    });
    const tool = {
      type: 'function',
      function: { name: 'write_file', parameters: { type: 'object', properties: {} } },
    };
    const answer = await post(path, { ...question, model: 'sim-tools', tools: [tool] });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('write_file');
  });
});

it('tries another host if the first byte does not arrive in time', async () => {
  const sims = [{ prefillTokensPerSecond: 10 }, { prefillTokensPerSecond: 100_000 }];
  const post = await start({ sims, gateway: { firstByteTimeoutMs: 500 } });
  for (let i = 0; i < 4; i++) {
    const answer = await post('/api/chat', { ...longQuestion, options: { num_predict: 2 } });
    expect([answer.status, answer.headers.get('x-drover-node')]).toEqual([200, 'host-1']);
    await answer.text();
  }
});
