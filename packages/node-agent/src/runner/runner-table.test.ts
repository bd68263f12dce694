import { expect, it } from 'vitest';
import { CanonicalOptions } from './canonical-options.ts';
import { RunnerTable } from './runner-table.ts';

const table = () => new RunnerTable('normalise', new CanonicalOptions([]));
const body = (num_ctx?: number) =>
  Buffer.from(JSON.stringify(num_ctx === undefined ? { model: 'm' } : { model: 'm', options: { num_ctx } }));
const ps = (context_length: number) => [{ name: 'm:latest', context_length }];

it('serves a smaller context by the larger one that is loaded, and says so', () => {
  const runners = table();
  const first = runners.fit('chat', 'm', body(8192));
  expect([first.used, first.changes]).toEqual([{ num_ctx: 8192 }, undefined]);
  expect(runners.answered('m', first.used, 1)).toBe(true);
  expect(runners.answered('m', first.used, 2)).toBe(false);
  const second = runners.fit('chat', 'm:latest', body(1024));
  expect(second.changes).toBe('num_ctx=8192 (asked 1024)');
  expect(Buffer.from(second.body).toString()).toContain('"num_ctx":8192');
});

it('learns the automatic context from the list of loaded models, and not from a list that is older', () => {
  const runners = table();
  const first = runners.fit('generate', 'm', body());
  runners.answered('m', first.used, 10);
  runners.listed(ps(2048), 9);
  expect(runners.fit('generate', 'm', body(2048)).changes).toBeUndefined();
  const again = runners.fit('generate', 'm', body());
  runners.answered('m', again.used, 20);
  runners.listed(ps(4096), 21);
  expect(runners.fit('generate', 'm', body(2048)).changes).toBe('num_ctx=unset (asked 2048)');
});

it('forgets a runner that Ollama does not list any more, and one that never answered', () => {
  const runners = table();
  const large = runners.fit('chat', 'm', body(8192));
  runners.answered('m', large.used, 1);
  runners.listed([], 2);
  expect(runners.fit('chat', 'm', body(1024)).used).toEqual({ num_ctx: 1024 });
  const huge = runners.fit('chat', 'm', body(131_072));
  runners.failed('m', huge.used);
  expect(runners.fit('chat', 'm', body(1024)).used).toEqual({ num_ctx: 1024 });
});

it('leaves requests alone that load no model', () => {
  const show = Buffer.from('{"model":"m","options":{"num_gpu":1}}');
  expect(table().fit('show', 'm', show).body).toBe(show);
});
