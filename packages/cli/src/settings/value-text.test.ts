import { describe, expect, it } from 'vitest';
import type { Setting } from './setting.ts';
import { settings } from './table.ts';
import { durationValueText, readDuration, readSize, readValue, sizeValueText } from './value-text.ts';

function row(more: Partial<Setting>): Setting {
  return { key: 'any', kind: 'text', group: 'Limits', takers: ['up'], help: '', ...more };
}

describe('a duration', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['10m', 600_000],
    ['1.5s', 1_500],
    ['1h30m', 5_400_000],
    ['0', 0],
  ])('%s is %d ms', (text, ms) => {
    expect(readDuration(text)).toBe(ms);
  });

  it.each(['30', '-1s', 's', '10 m', '1e3s', '10m 5s', ''])('%j is none', (text) => {
    expect(readDuration(text)).toBeUndefined();
  });

  it('is written in the largest unit that gives a whole number', () => {
    expect([0, 1_500, 90_000, 600_000, 7_200_000].map(durationValueText)).toEqual([
      '0',
      '1500ms',
      '90s',
      '10m',
      '2h',
    ]);
  });

  it('reports the missing unit of a number', () => {
    expect(readValue(row({ kind: 'duration' }), ['30'])).toEqual({
      problem: 'must be a duration such as 500ms, 30s or 10m, got 30: a number needs its unit',
    });
  });

  it('may be 0 only for a setting that 0 turns off', () => {
    expect(readValue(row({ kind: 'duration', zeroIsOff: true }), ['0'])).toEqual({ value: 0 });
    expect(readValue(row({ kind: 'duration' }), ['0'])).toEqual({ problem: 'must be 1ms or more, got 0' });
  });

  it('is not longer than the longest timer', () => {
    expect(readValue(row({ kind: 'duration' }), ['25d'])).toHaveProperty('problem');
    expect(readValue(row({ kind: 'duration' }), ['24d'])).toEqual({ value: 24 * 86_400_000 });
  });
});

describe('a size', () => {
  it.each([
    ['64MiB', 67_108_864],
    ['512kib', 524_288],
    ['1.5GiB', 1_610_612_736],
    ['10MB', 10_000_000],
    ['100B', 100],
  ])('%s is %d bytes', (text, bytes) => {
    expect(readSize(text)).toBe(bytes);
  });

  it.each(['64', '64M', '-1MiB', 'MiB', '1e3B'])('%j is none', (text) => {
    expect(readSize(text)).toBeUndefined();
  });

  it('is written in the largest unit that gives a whole number', () => {
    expect([67_108_864, 1_000_000, 2 ** 31].map(sizeValueText)).toEqual(['64MiB', '1000000B', '2GiB']);
  });
});

it('keeps the limits of a tenant together', () => {
  const setting = settings.find(({ key }) => key === 'tenant-limit');
  expect(setting && readValue(setting, ['acme=requests:6,tokens:9, *=concurrent:1', 'b=tokens:2'])).toEqual({
    value: ['acme=requests:6,tokens:9', '*=concurrent:1', 'b=tokens:2'],
  });
});

it('takes a list separated by commas, and members one by one', () => {
  expect(readValue(row({ kind: 'list' }), ['a, b', 'c'])).toEqual({ value: ['a', 'b', 'c'] });
});

it.each([
  ['1', true],
  ['TRUE', true],
  ['0', false],
  ['false', false],
])('reads the switch %s as %s', (text, value) => {
  expect(readValue(row({ kind: 'switch' }), [text])).toEqual({ value });
});

it.each(['10m', '0', '-1', '-5m', '1h30m'])('takes %s for a keep-alive, as Ollama does', (text) => {
  expect(readValue(row({ kind: 'keep-alive' }), [text])).toEqual({ value: text });
});

it.each([
  [{ kind: 'keep-alive' }, '300', 'must be a duration such as 10m'],
  [{ kind: 'count', max: 9 }, '10', 'must be a whole number from 1 to 9, got 10'],
  [{ kind: 'count' }, 'ten', 'must be a whole number, got ten'],
  [{ kind: 'text', choices: ['a', 'b'] }, 'c', 'must be a or b, got c'],
  [{ kind: 'text' }, ' ', 'must not be empty'],
  [{ kind: 'switch' }, 'maybe', 'must be 1, true, 0 or false, got maybe'],
] as const)('refuses %j with the value %j', (more, text, problem) => {
  expect(readValue(row(more), [text])).toEqual({ problem: expect.stringContaining(problem) as string });
});

it('keeps a text unchanged, with the line break at its end', () => {
  expect(readValue(row({}), ['-----END-----\n'])).toEqual({ value: '-----END-----\n' });
});
