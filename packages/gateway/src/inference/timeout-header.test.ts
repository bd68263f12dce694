import { describe, expect, it } from 'vitest';
import { startScriptedGateway } from '../testing/scripted-gateway.ts';
import { noAgents } from '../testing/no-agents.ts';

const chat = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };

function asking(timeout: string): { headers: Record<string, string> } {
  return { headers: { 'x-drover-timeout-ms': timeout } };
}

describe('x-drover-timeout-ms', () => {
  it.each([
    ['1', 0, 1],
    ['86400000', 0, 86_400_000],
    ['1200', 5_000, 1_200],
    ['999999', 5_000, 5_000],
  ])(
    '%s with requestTimeoutMs %i is applied as %i, and the answer states it',
    async (requested, max, applied) => {
      await using setup = await startScriptedGateway({ requestTimeoutMs: max });
      const answer = setup.post('/api/chat', chat, asking(requested));
      const call = await setup.fleet.next();
      expect(call.request.timeoutMs).toBe(applied);
      call.head();
      call.lines('{"done":true}');
      call.end();
      expect((await answer).headers.get('x-drover-timeout-ms')).toBe(String(applied));
    },
  );

  it.each([
    ['/api/chat', { error: 'deadline' }],
    ['/v1/chat/completions', { error: { message: 'deadline', type: 'api_error' } }],
  ])('names the deadline that passed on %s', async (path, body) => {
    await using setup = await startScriptedGateway();
    const answer = setup.post(path, chat, asking('1'));
    (await setup.fleet.next()).fail('deadline');
    const { status, headers } = await answer;
    expect([status, headers.get('x-drover-timeout-ms')]).toEqual([504, '1']);
    expect(await (await answer).json()).toMatchObject(body);
  });

  it.each(['0', '-1', '1.5', '1e3', '0x10', 'soon', '9'.repeat(20)])('refuses %s', async (requested) => {
    await using setup = await startScriptedGateway();
    for (const path of ['/api/chat', '/v1/chat/completions', '/api/v1/agents/a1/task']) {
      const answer = await setup.post(
        path,
        { ...(path.endsWith('task') ? { input: 'x' } : chat) },
        asking(requested),
      );
      expect(answer.status).toBe(400);
      expect(await answer.text()).toContain('x-drover-timeout-ms');
    }
    expect(setup.fleet.calls).toEqual([]);
  });

  it('is the timeout of a task, unless its body has one', async () => {
    const asked: (number | undefined)[] = [];
    const agents = {
      ...noAgents,
      submit: async (_id: string, { timeoutMs }: { timeoutMs?: number | undefined }) => {
        asked.push(timeoutMs);
        return { runId: 'r' };
      },
    };
    await using setup = await startScriptedGateway({ agents });
    const ask = (body: object) =>
      setup.post('/api/v1/agents/a1/task', { input: 'x', mode: 'async', ...body }, asking('700'));
    const applied = [await ask({}), await ask({ timeoutMs: 900 })].map(({ headers }) =>
      headers.get('x-drover-timeout-ms'),
    );
    expect(asked).toEqual([700, 900]);
    expect(applied).toEqual(['700', '900']);
  });
});

describe('without the header', () => {
  it('a request has no deadline and the limits of the gateway', async () => {
    await using setup = await startScriptedGateway({ firstByteTimeoutMs: 8_000, interTokenTimeoutMs: 4_000 });
    const answer = setup.post('/api/chat', chat);
    const call = await setup.fleet.next();
    expect(call.request).toMatchObject({
      timeoutMs: 0,
      firstByteTimeoutMs: 8_000,
      interTokenTimeoutMs: 4_000,
    });
    call.fail('stalled');
    expect((await answer).headers.get('x-drover-timeout-ms')).toBeNull();
  });
});
