import { expect, it } from 'vitest';
import { streamAccess } from './stream-access.ts';

it('names the stream in every subject', () => {
  for (const subject of streamAccess('CTL_home_G_agents', 'manage'))
    expect(subject.split('.')).toContain('CTL_home_G_agents');
});

it('lets a reader change nothing', () => {
  expect(streamAccess('S', 'read')).toEqual(['$JS.API.STREAM.INFO.S', '$JS.API.STREAM.MSG.GET.S']);
});

it('includes every smaller use', () => {
  const consume = streamAccess('S', 'consume');
  expect(consume).toEqual(expect.arrayContaining(streamAccess('S', 'read')));
  expect(consume.some((subject) => subject.includes('STREAM.CREATE'))).toBe(false);
  expect(streamAccess('S', 'manage')).toEqual(expect.arrayContaining(consume));
});
