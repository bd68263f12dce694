import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const packageFolder: string = fileURLToPath(new URL('..', import.meta.url));
export const rootFolder: string = join(packageFolder, '..', '..');

/** A program that a document shows, and what it says that it prints. */
export interface Program {
  readonly name: string;
  readonly source: string;
  readonly output: string;
}

/** The programs of a document of this package. @throws Error for code that is shown without its output */
export function programsOf(document: string): Program[] {
  const text = readFileSync(join(packageFolder, document), 'utf8');
  const programs = [...text.matchAll(/```ts\n([\s\S]*?)```\n\n```text\n([\s\S]*?)```/g)];
  if (programs.length !== [...text.matchAll(/```(ts|js)\n/g)].length)
    throw new Error(`${document} has code that is not followed by what it prints`);
  return programs.map(([, source, output], index) => ({
    name: `${document.replaceAll(/\W+/g, '-')}-${index + 1}`,
    source: source as string,
    output: output as string,
  }));
}

/** As strict as a user may be, the declarations of their libraries checked too. */
const consumerConfig = {
  compilerOptions: {
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable'],
    module: 'nodenext',
    moduleDetection: 'force',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noImplicitReturns: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
    skipLibCheck: false,
    noEmit: true,
  },
};

/** Type-checks every program of a folder. Returns what the compiler complains of: nothing, when all is well. */
export async function typeCheck(folder: string): Promise<string> {
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(consumerConfig));
  const compiler = join(rootFolder, 'node_modules', '.bin', 'tsc');
  return promisify(execFile)(compiler, ['-p', folder]).then(
    () => '',
    (failure: { readonly stdout: string }) => failure.stdout,
  );
}
