import { describe, expect, it } from 'vitest';
import { bar, formatReport } from './report.ts';

const host = {
  cpu: 'cpu',
  cores: 2,
  memoryGib: 4,
  node: 'v24',
  platform: 'linux x64',
  loadBefore: 0,
  commit: 'abc',
  at: '2026-01-01T00:00:00.000Z',
};

describe('bar', () => {
  it('with an upper limit is met at the limit and missed above it', () => {
    expect(bar('added', 3, { atMost: 3 }, 'ms')).toEqual({
      name: 'added',
      value: 3,
      atMost: 3,
      unit: 'ms',
      met: true,
    });
    expect(bar('added', 3.1, { atMost: 3 }, 'ms').met).toBe(false);
  });

  it('with a lower limit is met at the limit and missed below it, and has its aim', () => {
    expect(bar('ratio', 2, { atLeast: 2 }, 'x', 3)).toEqual({
      name: 'ratio',
      value: 2,
      atLeast: 2,
      aim: 3,
      unit: 'x',
      met: true,
    });
    expect(bar('ratio', 1.9, { atLeast: 2 }, 'x').met).toBe(false);
  });

  it('is missed without a figure', () => {
    expect(bar('ratio', Number.NaN, { atLeast: 2 }, 'x').met).toBe(false);
  });
});

describe('formatReport', () => {
  it('shows the notes, every row, and whether every bar is met', () => {
    const text = formatReport({
      suite: 'actors',
      quick: true,
      host,
      notes: ['arm erlang is not available'],
      arms: [
        {
          arm: 'drover',
          workload: 'ask',
          unit: 'ops/CPU-s',
          median: 1234567,
          min: 1,
          max: 2,
          rounds: 3,
          wallMedian: 5000,
        },
      ],
      ratios: [],
      bars: [bar('ask', 1.5, { atLeast: 1 }, 'x', 1.2), bar('heap', 0.6, { atMost: 0.5 }, 'x')],
    });
    expect(text).toContain('arm erlang is not available');
    expect(text).toContain('1,234,567 ops/CPU-s   (1 … 2, 3 rounds)   5,000/s by the clock');
    expect(text).toContain('met    ask: 1.5 x (bar at least 1, aim 1.2)');
    expect(text).toContain('MISSED heap: 0.6 x (bar at most 0.5)');
  });
});
