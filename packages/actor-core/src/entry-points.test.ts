import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageFolder } from './documents.fixture.ts';

const entries = ['index', 'cluster', 'durable', 'patterns', 'internal', 'testing', 'testing/arbitraries'];

/** Names that an entry point exports, types included. */
function namesIn(entry: string): string[] {
  const text = readFileSync(join(packageFolder, 'src', `${entry}.ts`), 'utf8');
  return [...text.matchAll(/^export (?:type )?\{([^}]*)\} from/gm)].flatMap(([, names = '']) =>
    names.split(',').flatMap((name) => name.replace(/^\s*type /, '').trim() || []),
  );
}

it('exports each name from one entry point only, so that there is one place to import it from', () => {
  const all = entries.flatMap((entry) => namesIn(entry));
  expect(all.length).toBeGreaterThan(200);
  expect(all.filter((name, index) => all.indexOf(name) !== index)).toEqual([]);
});
