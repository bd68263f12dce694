import { it, expect } from 'vitest';
import { StopFilter } from './stop-filter.ts';

it('holds back the possible beginning of a stop sequence, and releases it when it is none', () => {
  const filter = new StopFilter(['END']);
  expect(filter.push('say E')).toEqual({ text: 'say ', stopped: false });
  expect(filter.push('N')).toEqual({ text: '', stopped: false });
  expect(filter.push('V')).toEqual({ text: 'ENV', stopped: false });
});

it('ends the text before a stop sequence that arrives in pieces', () => {
  const filter = new StopFilter(['\n\n', 'END']);
  expect(filter.push('so E')).toEqual({ text: 'so ', stopped: false });
  expect(filter.push('ND more')).toEqual({ text: '', stopped: true });
});

it('releases held text when the text ends for another reason', () => {
  const filter = new StopFilter(['END']);
  filter.push('the EN');
  expect(filter.flush()).toBe('EN');
});
