import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mutant } from './mutants.ts';

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
 * Copies the sources of this package into `folder`, plants the bug and compiles. Returns the program that plays batches
 * of the copy.
 *
 * @throws Error when the patch does not apply or its result does not compile
 */
export function plantMutant(mutant: Mutant, folder: string): string {
  mkdirSync(folder, { recursive: true });
  cpSync(join(packageFolder, 'src'), join(folder, 'src'), {
    recursive: true,
    filter: (path) => !path.endsWith('.test.ts'),
  });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  const target = join(folder, 'src', mutant.file);
  writeFileSync(target, applyMutant(mutant, readFileSync(target, 'utf8')));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', private: true }));
  const compilerOptions = {
    rootDir: 'src',
    outDir: 'dist',
    composite: false,
    incremental: false,
    declaration: false,
    declarationMap: false,
    isolatedDeclarations: false,
    sourceMap: false,
  };
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: join(root, 'tsconfig.base.json'), compilerOptions, include: ['src'] }),
  );
  compile(mutant, folder);
  return join(folder, 'dist/testing/simulation/batch-process.js');
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
