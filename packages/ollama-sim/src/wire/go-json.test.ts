import { it, expect } from 'vitest';
import { decodeGoJson } from './go-json.ts';

it.each([
  ['', 'missing request body'],
  ['{bad', "invalid character 'b' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b":2}', "invalid character '\"' after object key:value pair"],
  ['[1 2]', "invalid character '2' after array element"],
  ['nope', "invalid character 'o' in literal null (expecting 'u')"],
  ['x', "invalid character 'x' looking for beginning of value"],
  ['{"a":', 'unexpected EOF'],
])('refuses %j as Go does', (body, message) => {
  expect(() => decodeGoJson(body, 'missing request body')).toThrow(message);
});

it('reads only the first value', () => {
  expect(decodeGoJson('{"a":[1,"}"]} and more', '')).toEqual({ a: [1, '}'] });
});
