import { expect, it } from 'vitest';
import { accessKeyText, digestOfSecret, isSameDigest, newAccessKey, parseAccessKey } from './access-key.ts';

it('reads the key that it wrote', () => {
  const key = newAccessKey();
  expect(parseAccessKey(accessKeyText(key))).toEqual(key);
});

it('never makes the same key twice', () => {
  const texts = Array.from({ length: 1_000 }, () => accessKeyText(newAccessKey()));
  expect(new Set(texts).size).toBe(texts.length);
});

it.each([
  '',
  'drover_',
  'sk-0123456789',
  `drover_0123456789abcdef_${'a'.repeat(42)}`,
  `drover_0123456789abcdef_${'a'.repeat(44)}`,
  `drover_0123456789ABCDEF_${'a'.repeat(43)}`,
  ` drover_0123456789abcdef_${'a'.repeat(43)}`,
  `drover_0123456789abcdef_${'a'.repeat(42)}+`,
])('takes %j for no key', (text) => {
  expect(parseAccessKey(text)).toBeUndefined();
});

it('has equal digests for equal secrets alone', () => {
  const digest = digestOfSecret('a');
  expect(isSameDigest(digest, digestOfSecret('a'))).toBe(true);
  expect(isSameDigest(digest, digestOfSecret('b'))).toBe(false);
  expect(isSameDigest(digest, digest.slice(2))).toBe(false);
  expect(isSameDigest(digest, '')).toBe(false);
});
