import { expect, it } from 'vitest';
import { streamAccess } from './stream-access.ts';

const everyUse = ['read', 'consume', 'remove', 'create'] as const;

it('names the stream in every subject', () => {
  for (const subject of streamAccess('CTL_home_G_agents', ...everyUse))
    expect(subject.split('.')).toContain('CTL_home_G_agents');
});

it('lets a reader change nothing', () => {
  expect(streamAccess('S', 'read')).toEqual(['$JS.API.STREAM.INFO.S', '$JS.API.STREAM.MSG.GET.S']);
});

it('lets nobody delete a stream', () => {
  expect(streamAccess('S', ...everyUse).filter((subject) => subject.includes('STREAM.DELETE'))).toEqual([]);
});
