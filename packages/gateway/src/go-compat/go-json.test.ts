import { it, expect } from 'vitest';
import { decodeGoJson } from './go-json.ts';

it.each([
  ['', 'missing'],
  ['  \n', 'missing'],
  ['{bad', "invalid character 'b' looking for beginning of object key string"],
  ['{"a":1', 'unexpected EOF'],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
  ['[1 2]', "invalid character '2' after array element"],
  ['<html>', "invalid character '<' looking for beginning of value"],
  ['tru!', "invalid character '!' in literal true (expecting 'e')"],
  ['-x', "invalid character 'x' in numeric literal"],
  ['1.x', "invalid character 'x' after decimal point in numeric literal"],
  [String.raw`"\x"`, "invalid character 'x' in string escape code"],
  [`'a'`, String.raw`invalid character '\'' looking for beginning of value`],
  ['"a\nb"', String.raw`invalid character '\n' in string literal`],
  ['{é}', "invalid character 'Ã' looking for beginning of object key string"],
  ['\ufeff{}', "invalid character 'ï' looking for beginning of value"],
  ['{"a":\u0007}', String.raw`invalid character '\a' looking for beginning of value`],
  ['\u001f\u008b', String.raw`invalid character '\x1f' looking for beginning of value`],
  ['"\\u12g4"', String.raw`invalid character 'g' in \u hexadecimal character escape`],
  [`"${'x'.repeat(200)}\u0001"`, String.raw`invalid character '\x01' in string literal`],
  [`"${'x'.repeat(200)}`, 'unexpected EOF'],
  [`${'['.repeat(100_000)}x`, 'exceeded max depth'],
])('reports the error in %j with Go’s text', (body, text) => {
  expect(() => decodeGoJson(body.length > 1_000 ? body : body, 'missing')).toThrow(text);
});

it('reads the first value and ignores the rest', () => {
  expect(decodeGoJson('{"a":[1,"]"]} {bad', 'missing')).toEqual({ a: [1, ']'] });
  expect(decodeGoJson('1.5e3 x', 'missing')).toBe(1_500);
});
