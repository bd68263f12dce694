import { expect, it } from 'vitest';
import { jobRows, PullView, sizeText } from './pull-text.ts';

it('shows each layer once, with its share', () => {
  const view = new PullView();
  view.take({ status: 'pulling manifest' });
  view.take({ status: 'pulling x', digest: 'x', total: 2_000_000_000 });
  view.take({ status: 'pulling x', digest: 'x', total: 2_000_000_000, completed: 500_000_000 });
  expect(view.rows).toEqual(['pulling manifest', 'pulling x   25% [######..................]  2.0 GB']);
});

it('shows each host with its fault', () => {
  const job = {
    id: 'i',
    operation: 'pull',
    model: 'm',
    node: 'gpu-1',
    instance: 'ollama-1',
    state: 'failed',
    attempts: 1,
    completedBytes: 0,
    totalBytes: 0,
    error: 'file does not exist',
  };
  expect(jobRows([job])[1]).toBe('gpu-1/ollama-1  failed  0 B   file does not exist');
});

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_500, '1.5 KB'],
  [40_000_000, '40 MB'],
  [2_019_000_000, '2.0 GB'],
])('writes %i bytes as %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});
