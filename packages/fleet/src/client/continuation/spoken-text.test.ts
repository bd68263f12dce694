import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SpokenText } from './spoken-text.ts';

const head = { model: 'm', created_at: '2026-12-01T00:00:00Z' };
const chat = (content: string, more: object = {}): string =>
  JSON.stringify({ ...head, message: { role: 'assistant', content, ...more }, done: false });
const generate = (response: string): string => JSON.stringify({ ...head, response, done: false });

describe('the text of a stream', () => {
  it('is what its lines say, whatever characters they have', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), fc.boolean(), (texts, isChat) => {
        const spoken = new SpokenText(isChat ? 'chat' : 'generate');
        spoken.add(
          texts.map((text) => (isChat ? chat(text) : generate(text))),
          0,
        );
        expect(Buffer.from(spoken.text ?? '')).toEqual(Buffer.from(texts.join('')));
        expect(spoken.tokens).toBe(texts.length);
      }),
    );
  });

  it('measures the time from the first token to the last one', () => {
    const spoken = new SpokenText('generate');
    for (const atMs of [100, 150, 230]) spoken.add([generate('a')], atMs);
    expect(spoken.spokenForMs).toBe(130);
  });

  it.each([
    ['thinking', chat('', { thinking: 'hm' })],
    ['a tool call', chat('', { tool_calls: [{ function: { name: 'f', arguments: {} } }] })],
    [
      'log probabilities',
      JSON.stringify({ ...head, message: { role: 'assistant', content: 'a' }, logprobs: [], done: false }),
    ],
    ['an end', JSON.stringify({ ...head, message: { role: 'assistant', content: '' }, done: true })],
    ['an error', '{"error":"out of memory"}'],
  ])('is not known after %s', (_, line) => {
    const spoken = new SpokenText('chat');
    spoken.add([chat('a'), line], 0);
    expect(spoken.text).toBeUndefined();
  });

  it('is not known for a route without text, and for a text that is too long', () => {
    expect(new SpokenText('embed').text).toBeUndefined();
    const spoken = new SpokenText('generate');
    spoken.add([generate('a'.repeat(400_000))], 0);
    expect(spoken.text).toBeUndefined();
  });
});
