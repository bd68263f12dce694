import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AgentDefinition, parseDefinition } from './agent-definition.ts';
import { DefinitionError } from './definition-error.ts';

/** Agent definitions by type. */
export type AgentDefinitions = ReadonlyMap<string, AgentDefinition>;

/** Folder of the definitions shipped with this package. */
export const shippedDefinitionsDir: string = fileURLToPath(new URL('../../definitions/', import.meta.url));

const maxFiles = 1_000;

/**
 * Reads each `*.md` file of a folder. '' means the shipped folder.
 *
 * @throws DefinitionError naming the first invalid file and field, or the folder that cannot be read
 */
export function loadDefinitions(dir: string): AgentDefinitions {
  const folder = dir === '' ? shippedDefinitionsDir : dir;
  const definitions = new Map<string, AgentDefinition>();
  const fileOf = new Map<string, string>();
  for (const file of listFiles(folder)) {
    const entry = parseDefinition(file, readFileSync(join(folder, file), 'utf8'));
    const first = fileOf.get(entry.type);
    if (first !== undefined) {
      throw new DefinitionError(file, 'name', `${entry.type} is already taken by ${first}`);
    }
    fileOf.set(entry.type, file);
    definitions.set(entry.type, entry);
  }
  if (definitions.size === 0)
    throw new DefinitionError(folder, 'folder', 'has no *.md file: add at least one agent definition');
  return definitions;
}

function listFiles(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (cause) {
    throw new DefinitionError(
      folder,
      'folder',
      'cannot be read: create it, or set definitionsDir (--catalogue) to another folder',
      { cause },
    );
  }
  const files = names.filter((name) => name.endsWith('.md')).toSorted();
  if (files.length > maxFiles) {
    throw new DefinitionError(folder, 'folder', `has ${files.length} definitions; ${maxFiles} are allowed`);
  }
  return files;
}
