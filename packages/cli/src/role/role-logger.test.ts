import { pino } from 'pino';
import { expect, it } from 'vitest';
import { asText } from './role-logger.ts';

it('writes a text line with time, level, message and fields', () => {
  const lines: string[] = [];
  const logger = pino(
    { base: { node: 'agent-1' } },
    asText({ style: (_, text) => text }, (line) => lines.push(line)),
  );
  logger.warn({ url: 'http://gpu', err: new Error('refused') }, 'the host is away');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d warn  the host is away url=http:\/\/gpu err="refused"$/);
});
