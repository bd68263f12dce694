import { expect, it } from 'vitest';
import { withModel } from './with-model.ts';

function renamed(body: string, keys?: readonly string[]): string {
  return Buffer.from(withModel(Buffer.from(body), 'new', keys)).toString();
}

it.each([
  ['{"model":"old","x":1.0}', '{"model":"new","x":1.0}'],
  [' {"x" : {"model":"y"}, "MODEL" : "é" } tail', ' {"x" : {"model":"y"}, "MODEL" : "new" } tail'],
  ['{"model":"a","2":0,"1":0,"model":"b"}', '{"model":"new","2":0,"1":0,"model":"new"}'],
  ['{"messages":["é😀"],"model":null}', '{"messages":["é😀"],"model":"new"}'],
  ['{}', '{}'],
  ['null', 'null'],
])('replaces only the name in %s', (before, after) => {
  expect(renamed(before)).toBe(after);
});

it('replaces the name under every key that the route reads', () => {
  expect(renamed('{"name":"a","verbose":true}', ['model', 'name'])).toBe('{"name":"new","verbose":true}');
});

it('keeps bytes that are not UTF-8', () => {
  const body = Buffer.concat([
    Buffer.from('{"p":"'),
    Buffer.from([0xff, 0xfe]),
    Buffer.from('","model":"a"}'),
  ]);
  expect(Buffer.from(withModel(body, 'b'))).toEqual(
    Buffer.concat([Buffer.from('{"p":"'), Buffer.from([0xff, 0xfe]), Buffer.from('","model":"b"}')]),
  );
});
