import { it, expect } from 'vitest';
import { countedTo, countingSource } from './counting.ts';

function say(textBefore: string, tokens: number): string {
  const source = countingSource(textBefore);
  return Array.from({ length: tokens }, () => source.next()?.text).join('');
}

it('starts at 1 after a text without a count', () => {
  expect(say('<|im_start|>assistant\n', 4)).toBe('1 2 3 4');
});

it('continues a count, with the space between the numbers', () => {
  expect(say('<|im_start|>assistant\n1 2 3', 3)).toBe(' 4 5 6');
  expect(say('41 42 43 ', 2)).toBe('44 45');
  expect(say('assistant\n1', 2)).toBe(' 2 3');
});

it.each([
  ['count to 5', 0],
  ['version 1', 0],
  ['1 2 4', 0],
  ['98 99 100', 100],
  ['99999 100000', 100000],
  ['go\n1 2', 2],
  ['', 0],
])('reads %j as a count to %d', (text, count) => {
  expect(countedTo(text)).toBe(count);
});
