import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CatalogueEntry, parseCatalogueEntry } from './catalogue-entry.ts';
import { CatalogueError } from './catalogue-error.ts';

/** Every type of agent, by name. */
export type Catalogue = ReadonlyMap<string, CatalogueEntry>;

/** Folder of the catalogue that this package ships. */
export const shippedCatalogueDir: string = fileURLToPath(new URL('../../catalogue/', import.meta.url));

const maxFiles = 1_000;

/**
 * Reads every `*.md` of a folder, by name. '' is the shipped one.
 *
 * @throws CatalogueError naming the file and field of the first fault, or the folder that cannot be read
 */
export function loadCatalogue(dir: string): Catalogue {
  const folder = dir === '' ? shippedCatalogueDir : dir;
  const catalogue = new Map<string, CatalogueEntry>();
  const fileOf = new Map<string, string>();
  for (const file of listFiles(folder)) {
    const entry = parseCatalogueEntry(file, readFileSync(join(folder, file), 'utf8'));
    const first = fileOf.get(entry.type);
    if (first !== undefined) {
      throw new CatalogueError(file, 'name', `${entry.type} is already taken by ${first}`);
    }
    fileOf.set(entry.type, file);
    catalogue.set(entry.type, entry);
  }
  if (catalogue.size === 0)
    throw new CatalogueError(folder, 'folder', 'has no *.md file: add one entry at least');
  return catalogue;
}

function listFiles(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (cause) {
    throw new CatalogueError(folder, 'folder', 'cannot be read: create it or set catalogueDir', { cause });
  }
  const files = names.filter((name) => name.endsWith('.md')).toSorted();
  if (files.length > maxFiles) {
    throw new CatalogueError(folder, 'folder', `has ${files.length} entries; ${maxFiles} are allowed`);
  }
  return files;
}
