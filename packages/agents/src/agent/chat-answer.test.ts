import { describe, expect, it } from 'vitest';
import { decideLine } from './chat-answer.ts';

const line = (content: string, rest: object = { done: false }): string =>
  JSON.stringify({ message: { role: 'assistant', content }, ...rest });

describe('a line of the answer', () => {
  it('adds its text', () => {
    expect(decideLine(line('one '), 0, 100)).toEqual({ type: 'text', text: 'one ' });
  });

  it('ends the answer with its token counts, 0 where Ollama gives none', () => {
    const counts = { done: true, prompt_eval_count: 3, eval_count: 2 };
    expect(decideLine(line('', counts), 5, 100)).toEqual({
      type: 'end',
      text: '',
      usage: { promptTokens: 3, completionTokens: 2, workMs: 0 },
    });
    expect(decideLine(line('!', { done: true }), 5, 100)).toMatchObject({
      text: '!',
      usage: { promptTokens: 0, completionTokens: 0 },
    });
  });

  it('fails the task, without a cancel, when it is an error of Ollama', () => {
    expect(decideLine('{"error":"out of memory"}', 0, 100)).toEqual({
      type: 'fail',
      code: 'bad-upstream',
      message: 'out of memory',
      cancelsCall: false,
    });
  });

  it.each(['not JSON', '[]', '{"message":{"content":1}}'])('cancels the call when it is %s', (text) => {
    expect(decideLine(text, 0, 100)).toMatchObject({ type: 'fail', code: 'bad-upstream', cancelsCall: true });
  });

  it('cancels the call when it makes the answer too long', () => {
    expect(decideLine(line('xx'), 99, 100)).toMatchObject({
      type: 'fail',
      code: 'too-long',
      cancelsCall: true,
    });
    expect(decideLine(line('x'), 99, 100)).toMatchObject({ type: 'text' });
  });
});
