import { expect, it } from 'vitest';
import { isAtLeast, parseLogLine } from './log-line.ts';

it('reads a line of JSON with its fields', () => {
  const line =
    '{"level":40,"time":1,"node":"agent-1","url":"http://a","err":{"message":"gone"},"msg":"Ollama is away"}';
  expect(parseLogLine(line)).toEqual({ level: 'warn', text: 'Ollama is away url=http://a err="gone"' });
});

it('reads a line of nats-server', () => {
  expect(parseLogLine('[42] 2026/11/21 03:23:31.503816 [FTL] cannot bind')).toEqual({
    level: 'error',
    text: 'cannot bind',
  });
});

it('reads any other line as the output of a crash', () => {
  expect(parseLogLine('TypeError: x is not a function')).toEqual({
    level: 'error',
    text: 'TypeError: x is not a function',
  });
  expect(parseLogLine('{"half":')).toMatchObject({ level: 'error' });
});

it('orders levels by severity', () => {
  expect(isAtLeast('error', 'warn')).toBe(true);
  expect(isAtLeast('info', 'warn')).toBe(false);
});
