import { it, expect } from 'vitest';
import { PromptCache, RESTORE_MS } from './prompt-cache.ts';

const A = Array.from({ length: 100 }, (_, i) => i);
const B = Array.from({ length: 100 }, (_, i) => 1000 + i);

function use(
  cache: PromptCache,
  prompt: readonly number[],
): { cachedTokens: number; restoreMs: number; index: number } {
  const start = cache.take(prompt);
  if (!start) throw new Error('no slot is free');
  start.slot.tokens = prompt;
  start.slot.busy = false;
  return { cachedTokens: start.cachedTokens, restoreMs: start.restoreMs, index: start.slot.index };
}

it('finds a repeated prompt except for its last token', () => {
  const cache = new PromptCache(1);
  expect(use(cache, A).cachedTokens).toBe(0);
  expect(use(cache, A).cachedTokens).toBe(99);
  expect(use(cache, [...A, 7, 8]).cachedTokens).toBe(100);
});

it('restores a prompt from RAM after another prompt had its slot', () => {
  const cache = new PromptCache(1);
  use(cache, A);
  use(cache, B);
  expect(use(cache, A)).toEqual({ cachedTokens: 99, restoreMs: RESTORE_MS, index: 0 });
});

it('takes the slot that holds most of a prompt', () => {
  const cache = new PromptCache(2);
  expect(use(cache, A).index).not.toBe(use(cache, B).index);
  const last = use(cache, A);
  expect(last.cachedTokens).toBe(99);
  expect(last.restoreMs).toBe(0);
});

it('takes no slot while all are busy', () => {
  const cache = new PromptCache(1);
  cache.take(A);
  expect(cache.take(B)).toBeNull();
});
