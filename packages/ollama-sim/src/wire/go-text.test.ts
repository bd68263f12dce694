import { it, expect } from 'vitest';
import { goJson, goString, goTime } from './go-text.ts';

it('escapes what Go escapes', () => {
  expect(goString(' plain')).toBe('" plain"');
  expect(goString('<a> & "b"\n')).toBe('"\\u003ca\\u003e \\u0026 \\"b\\"\\n"');
  expect(goJson({ text: '<|im_end|>' })).toBe('{"text":"\\u003c|im_end|\\u003e"}');
});

it('writes instants with up to nine digits and without trailing zeros', () => {
  expect(goTime(Date.UTC(2026, 0, 2, 3, 4, 5))).toBe('2026-01-02T03:04:05Z');
  expect(goTime(Date.UTC(2026, 0, 2, 3, 4, 5) + 120)).toBe('2026-01-02T03:04:05.12Z');
});
