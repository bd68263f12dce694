import { expect, it } from 'vitest';
import { modelByName } from '../model/presets.ts';
import { readChatCall } from '../native/native-request.ts';
import { Vocabulary } from '../text/vocabulary.ts';
import { chatPrompt } from './prompt.ts';

const words = (count: number): string => Array.from({ length: count }, () => 'word').join(' ');

function promptOf(messages: readonly object[], numCtx: number, model = 'sim-native'): string {
  const call = readChatCall(JSON.stringify({ model, messages }));
  return chatPrompt(call, modelByName(model), new Vocabulary(), { numCtx, truncate: true, shift: null }).text;
}

it('removes the oldest messages until the rest fits, never the system message or the last one', () => {
  const messages = [
    { role: 'system', content: 'SYSTEM' },
    ...Array.from({ length: 9 }, (_, i) => ({
      role: i % 2 === 0 ? 'user' : 'assistant',
      content: `M${i} ${words(20)}`,
    })),
  ];
  const text = promptOf(messages, 120);
  expect(text).toContain('SYSTEM');
  expect(text).toContain('M8');
  expect(text).not.toContain('M0');
  const kept = [...text.matchAll(/M(\d)/g)].map(([, number]) => Number(number));
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => 9 - kept.length + i));
  expect(kept.length).toBeGreaterThan(1);
});

it('renders a history of 99,000 messages a few times, not once for each message', { timeout: 20_000 }, () => {
  const messages = Array.from({ length: 99_000 }, (_, i) => ({
    role: i % 2 === 0 ? 'assistant' : 'user',
    content: `m${i}`,
  }));
  const text = promptOf(messages, 512);
  expect(text).toContain('m98999');
  expect(text).not.toContain('m98000');
});
