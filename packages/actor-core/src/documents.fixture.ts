import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const packageFolder: string = fileURLToPath(new URL('..', import.meta.url));
export const rootFolder: string = join(packageFolder, '..', '..');

/** A program that a document shows, and its expected output. */
export interface Program {
  readonly name: string;
  readonly source: string;
  readonly output: string;
}

/** The programs of a document of this package. @throws Error for a program without its output */
export function programsOf(document: string): Program[] {
  const text = readFileSync(join(packageFolder, document), 'utf8');
  const programs = [...text.matchAll(/```ts\n([\s\S]*?)```\n\n```text\n([\s\S]*?)```/g)];
  if (programs.length !== [...text.matchAll(/```(ts|js)\n/g)].length)
    throw new Error(`${document} has a program that is not followed by its output`);
  return programs.map(([, source, output], index) => ({
    name: `${document.replaceAll(/\W+/g, '-')}-${index + 1}`,
    source: source as string,
    output: output as string,
  }));
}

/** The strictest options that a user may have; they check the declarations of libraries too. */
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

/** Type-checks every program of a folder. Returns the complaints of the compiler, or an empty text. */
export async function typeCheck(folder: string): Promise<string> {
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(consumerConfig));
  const compiler = join(rootFolder, 'node_modules', '.bin', 'tsc');
  return promisify(execFile)(compiler, ['-p', folder]).then(
    () => '',
    (failure: { readonly stdout: string }) => failure.stdout,
  );
}
