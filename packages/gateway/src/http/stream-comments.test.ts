import { describe, expect, it } from 'vitest';
import { startScriptedGateway } from '../testing/scripted-gateway.ts';

const chat = { model: 'm', messages: [{ role: 'user', content: 'hi' }], stream: true };
const line = '{"model":"m","message":{"role":"assistant","content":"x"},"done":false}';
const last = '{"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop"}';

/** Text that the client reads after the first line, up to a comment or for `patienceMs`. */
async function readSilence(path: string, streamCommentMs: number, patienceMs: number) {
  await using setup = await startScriptedGateway({ streamCommentMs });
  const answer = setup.post(path, chat);
  const call = await setup.fleet.next();
  call.head();
  call.lines(line);
  const reader = (await answer).body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const over = setup.node.clock.setTimer(patienceMs, () => call.end());
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) break;
    text += value;
    if (!text.includes('\n:\n\n')) continue;
    call.lines(last);
    call.end();
  }
  over.cancel();
  return text;
}

describe('a silent stream', () => {
  it('gets a comment on /v1 and continues', async () => {
    const text = await readSilence('/v1/chat/completions', 20, 5_000);
    expect(text).toMatch(/^data: .*\n\n:\n\n/);
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it.each([
    ['/v1/chat/completions', 0],
    ['/api/chat', 20],
  ])('gets no comment on %s with streamCommentMs %i', async (path, streamCommentMs) => {
    const text = await readSilence(path, streamCommentMs, 150);
    expect(text.trim().split('\n')).toHaveLength(1);
    expect(text).not.toContain('\n\n:');
  });
});
