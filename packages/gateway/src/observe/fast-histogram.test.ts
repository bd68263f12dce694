import { Histogram, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { FastHistogram } from './fast-histogram.ts';

const options = { name: 'times_seconds', help: 'Times.', buckets: [0.01, 0.1, 1] };

it('reports exactly what the histogram of prom-client reports', async () => {
  const ours = new Registry();
  const theirs = new Registry();
  const fast = new FastHistogram({ ...options, registry: ours });
  const usual = new Histogram({ ...options, labelNames: ['route', 'model'], registers: [theirs] });
  for (const [model, values] of [
    ['a "quoted" name', [0.01, 0.0100001, 0.5, 1, 7]],
    ['m', [0.002]],
    ['a "quoted" name', [0.1]],
  ] as const) {
    const labels = { route: '/api/chat', model };
    for (const value of values) {
      fast.series(labels).observe(value);
      usual.observe(labels, value);
    }
  }
  expect(await ours.metrics()).toBe(await theirs.metrics());
});
