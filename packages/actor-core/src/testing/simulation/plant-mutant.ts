import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mutant } from './mutant.ts';

/** Folders of the workspace and of this package, from the compiled form of this file. */
const packageFolder: string = fileURLToPath(new URL('../../../', import.meta.url));
const root: string = join(packageFolder, '../..');

/** `text` with the bug. @throws Error when the patch does not apply exactly once */
export function applyMutant({ name, file, find, replace }: Mutant, text: string): string {
  const parts = text.split(find);
  if (parts.length !== 2) {
    throw new Error(
      `mutant ${name}: its text occurs ${parts.length - 1} times in ${file}, not once; the code has changed, so update the patch`,
    );
  }
  return parts.join(replace);
}

/**
 * Makes a copy of the compiled package in `folder` in which one file has the bug. Returns the program that plays
 * batches of the copy.
 *
 * @throws Error when the patch does not apply or its result does not compile
 */
export function plantMutant(mutant: Mutant, folder: string): string {
  const built = join(packageFolder, 'dist');
  const planted = join(folder, 'dist');
  for (const file of readdirSync(built, { recursive: true, encoding: 'utf8' }))
    if (file.endsWith('.js')) linkFile(join(built, file), join(planted, file));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', private: true }));
  // Removes the link first: the compiler would write through it.
  rmSync(join(planted, mutant.file.replace(/ts$/, 'js')));
  const source = join(folder, 'src', mutant.file);
  mkdirSync(dirname(source), { recursive: true });
  writeFileSync(source, applyMutant(mutant, readFileSync(join(packageFolder, 'src', mutant.file), 'utf8')));
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(oneFileConfig(mutant.file)));
  compile(mutant, folder);
  return join(planted, 'testing/simulation/batch-process.js');
}

/** Compiles one file without the files that it imports. */
function oneFileConfig(file: string): object {
  return {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: {
      rootDir: 'src',
      outDir: 'dist',
      composite: false,
      incremental: false,
      declaration: false,
      declarationMap: false,
      isolatedDeclarations: false,
      sourceMap: false,
      noResolve: true,
      noCheck: true,
      types: [],
    },
    files: [`src/${file}`],
  };
}

function linkFile(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  try {
    linkSync(from, to);
  } catch {
    // Another file system.
    copyFileSync(from, to);
  }
}

function compile(mutant: Mutant, folder: string): void {
  const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
  try {
    execFileSync(process.execPath, [join(typescript, 'bin/tsc'), '-p', folder], { stdio: 'pipe' });
  } catch (error) {
    throw new Error(
      `mutant ${mutant.name} does not compile: ${String((error as { stdout?: Buffer }).stdout ?? error)}`,
      { cause: error },
    );
  }
}
