import { InvalidArgumentError } from '@drover/actor-core';
import { expect, it } from 'vitest';
import { fitsPattern, readAlias } from './alias.ts';
import { resolveModel } from './resolve-model.ts';

function resolve(name: string, aliases: readonly string[], defaults: readonly string[] = []): unknown {
  const rules = { aliases: aliases.map((text) => readAlias('aliases', text)), defaults };
  return resolveModel(name, rules, (asked) => asked.startsWith('known'));
}

it.each([
  ['claude-*', 'claude-sonnet-4-5', true],
  ['claude-*', 'CLAUDE-x', true],
  ['claude-*', 'my-claude-x', false],
  ['*', 'anything/at:all', true],
  ['*-mini', 'gpt-5-mini', true],
  ['gpt-*-mini', 'gpt-mini', false],
  ['a*b*c', 'a-b-b-c', true],
  ['a*b*c', 'acb', false],
  ['ab*ba', 'aba', false],
  ['gpt-4o', 'gpt-4o:latest', true],
  ['gpt-4o', 'gpt-4o:8b', false],
  ['gpt.4o', 'gptx4o', false],
])('compares the pattern %s with the name %s', (pattern, name, fits) => {
  expect(fitsPattern(pattern, name)).toBe(fits);
});

it('takes an alias without wildcards before a model of the same name', () => {
  expect(resolve('known-a', ['known-a=x|known-a'])).toEqual(['x', 'known-a']);
});

it('takes a model of that name before an alias with wildcards', () => {
  expect(resolve('known-a', ['known-*=x'])).toBeUndefined();
});

it('takes the alias with the most literal characters, and the first of equal ones', () => {
  const aliases = ['*=a', 'claude-*=b', 'claude-*-haiku*=c', '*-haiku=d', '*haiku-=e'];
  expect(resolve('claude-3-haiku', aliases)).toEqual(['c']);
  expect(resolve('claude-opus', aliases)).toEqual(['b']);
  expect(resolve('my-haiku', aliases)).toEqual(['d']);
  expect(resolve('other', ['o*=a', '*r=b'])).toEqual(['a']);
});

it('does not resolve a target again', () => {
  expect(resolve('a', ['a=b', 'b=c'])).toEqual(['b']);
});

it('takes the default for a name that nothing knows, but not for no name', () => {
  expect(resolve('other', ['a=b'], ['d', 'e'])).toEqual(['d', 'e']);
  expect(resolve(' ', [], ['d'])).toBeUndefined();
  expect(resolve('other', ['a=b'])).toBeUndefined();
});

it.each(['', 'a', '=b', 'a=', 'a=b|', 'a=*', 'a=b c', 'a=|b', `a=${Array(9).fill('b').join('|')}`])(
  'refuses the alias %j',
  (text) => {
    expect(() => readAlias('aliases', text)).toThrow(InvalidArgumentError);
  },
);
