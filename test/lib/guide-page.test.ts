import { expect, it } from 'vitest';
import { isPrinted, pagesOf, readGuidePage } from './guide-page.ts';

it('reads what is played, what it prints, and how the fleet is started', () => {
  const page =
    '# A\n\n```sh up\ndrover up --sim 2\n```\n\n```sh\necho a\n```\n```text\na\n```\n\n```sh\necho b\n```\n\nText.\n\n```text\nc\n```\n';
  expect(readGuidePage(page)).toEqual([
    { kind: 'up', line: 3, args: ['--sim', '2'] },
    { kind: 'sh', line: 7, script: 'echo a\n', printed: 'a\n' },
    { kind: 'sh', line: 14, script: 'echo b\n', printed: undefined },
  ]);
});

it('reads the order of the pages', () => {
  expect(pagesOf('1. [One](one.md): x\n2. [Two](two.md)\n- [three](three.md)')).toEqual(['one.md', 'two.md']);
});

it('compares what is printed with the page', () => {
  expect(isPrinted('a…z\n', 'a and z\n')).toBe(true);
  expect(isPrinted('{"a":1}\n', '{"a":1}')).toBe(true);
  expect(isPrinted('…\nz\n…\n', 'a\nb\nz\n')).toBe(true);
  expect(isPrinted('…\nz\n', 'a\nb\n')).toBe(false);
  expect(isPrinted('a…z\n', 'a\nz\n')).toBe(false);
  expect(isPrinted('a\n', 'a\nb\n')).toBe(false);
});
