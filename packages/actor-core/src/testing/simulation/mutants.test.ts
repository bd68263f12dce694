import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Mutant } from './mutant.ts';
import { mutants } from './mutants.ts';
import { applyMutant } from './plant-mutant.ts';

// `npm run mutants` shows that the simulation finds them; it takes longer.
it.each(mutants)('the bug $name can be planted in the current sources', (mutant) => {
  const text = readFileSync(new URL(`../../${mutant.file}`, import.meta.url), 'utf8');
  expect(applyMutant(mutant, text)).not.toBe(text);
});

it('refuses a patch whose text is no longer in the code', () => {
  const moved: Mutant = { name: 'moved', bug: '', file: 'a.ts', find: 'gone', replace: '' };
  expect(() => applyMutant(moved, 'something else')).toThrow('mutant moved: its text occurs 0 times in a.ts');
});
