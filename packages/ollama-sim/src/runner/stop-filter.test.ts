import { it, expect } from 'vitest';
import { StopFilter } from './stop-filter.ts';

it('holds back what may begin a stop sequence and lets it go when it does not', () => {
  const filter = new StopFilter(['END']);
  expect(filter.push('say E')).toEqual({ text: 'say ', stopped: false });
  expect(filter.push('N')).toEqual({ text: '', stopped: false });
  expect(filter.push('V')).toEqual({ text: 'ENV', stopped: false });
});

it('ends the text before a stop sequence that comes in pieces', () => {
  const filter = new StopFilter(['\n\n', 'END']);
  expect(filter.push('so E')).toEqual({ text: 'so ', stopped: false });
  expect(filter.push('ND more')).toEqual({ text: '', stopped: true });
});

it('gives what it holds when the text ends otherwise', () => {
  const filter = new StopFilter(['END']);
  filter.push('the EN');
  expect(filter.flush()).toBe('EN');
});
