import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageFolder, type Program, programsOf, rootFolder, typeCheck } from './documents.fixture.ts';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, { readonly types: string; readonly default: string }>>;
}

const run = promisify(execFile);
const minuteMs = 60_000;
const [first] = programsOf('README.md') as [Program];
const manifest = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as Manifest;
/** An empty project outside this repository, with the package installed as npm would. */
let project: string;
let packed: readonly string[];

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'drover-empty-project-'));
  await run('npm', ['pack', '--ignore-scripts', '--offline', '--pack-destination', project], {
    cwd: packageFolder,
  });
  const archive = `drover-actor-core-${manifest.version}.tgz`;
  packed = (await run('tar', ['-tzf', archive], { cwd: project })).stdout.trim().split('\n');
  const installed = join(project, 'node_modules', ...manifest.name.split('/'));
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', archive, '-C', installed, '--strip-components=1'], { cwd: project });
  // The manifest that `npm init -y` writes; the programs are modules whatever it says.
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'empty', type: 'commonjs' }));
  for (const name of [...Object.keys(manifest.dependencies), '@types/node']) link(name);
}, minuteMs);
afterAll(() => rmSync(project, { recursive: true, force: true }));

/** Links an installed dependency into the project. */
function link(name: string): void {
  const own = join(packageFolder, 'node_modules', name);
  const to = join(project, 'node_modules', name);
  mkdirSync(dirname(to), { recursive: true });
  symlinkSync(existsSync(own) ? own : join(rootFolder, 'node_modules', name), to, 'junction');
}

/** A program that loads an entry point and prints whether it exports anything. */
function list(entry: string): string {
  return `import * as kit from '@drover/actor-core/${entry}';\nconsole.log(Object.keys(kit).length > 0);\n`;
}

/** A program that loads an entry point and prints whether the NATS client was loaded with it. */
function loadsNats(entry: string): string {
  return `import { registerHooks } from 'node:module';
const urls = [];
registerHooks({
  resolve(name, context, next) {
    const found = next(name, context);
    urls.push(found.url);
    return found;
  },
});
await import('@drover/actor-core${entry}');
console.log(urls.some((url) => /node_modules\\/(nats|@nats-io)\\//.test(url)));
`;
}

async function output(file: string, source: string): Promise<string> {
  writeFileSync(join(project, file), source);
  return (await run(process.execPath, [file], { cwd: project })).stdout;
}

/** Files of the package that a module imports, directly or through others, itself included. */
function reachedFrom(module: string, found = new Set<string>()): Set<string> {
  if (found.has(module)) return found;
  found.add(module);
  const text = readFileSync(join(packageFolder, module), 'utf8');
  for (const [, target = ''] of text.matchAll(/^(?:import|export) [^'";]*from '(\.[^']+)'/gm))
    reachedFrom(join(dirname(module), target).split(sep).join('/'), found);
  return found;
}

it('contains what a user needs and nothing else', () => {
  const inside = packed.map((path) => path.replace(/^package\//, ''));
  expect(inside.filter((path) => !/^(dist|docs)\//.test(path)).toSorted()).toEqual([
    'LICENSE',
    'README.md',
    'package.json',
  ]);
  expect(inside.filter((path) => path.startsWith('dist/') && !/\.(js|d\.ts)$/.test(path))).toEqual([]);
  expect(inside.filter((path) => /\.(test|fixture)\.|simulation\/|-contract\./.test(path))).toEqual([]);
  const reached = Object.values(manifest.exports).flatMap((entry) => [
    ...reachedFrom(entry.default.slice(2)),
  ]);
  const testkit = inside.filter((path) => /\/testing\/.*\.js$/.test(path));
  expect(testkit.filter((path) => !reached.includes(path))).toEqual([]);
  for (const { types, default: module } of Object.values(manifest.exports))
    expect(inside).toEqual(expect.arrayContaining([types.slice(2), module.slice(2)]));
});

it('runs the first program of the README as pasted, as TypeScript and as JavaScript', {
  timeout: minuteMs,
}, async () => {
  expect(await output('counter.mts', first.source)).toBe(first.output);
  expect(await output('counter.mjs', stripTypeScriptTypes(first.source))).toBe(first.output);
});

it('type-checks that program and every entry point under the strictest options, declarations included', {
  timeout: minuteMs,
}, async () => {
  writeFileSync(join(project, 'counter.mts'), first.source);
  const entries = ['', '/cluster', '/durable', '/patterns', '/testing'];
  const all = entries.map((entry, index) => `export * as entry${index} from '@drover/actor-core${entry}';\n`);
  writeFileSync(join(project, 'entries.mts'), all.join(''));
  expect(await typeCheck(project)).toBe('');
});

it('loads the NATS client for a cluster, and not for the actors of one process, a store or the patterns', {
  timeout: minuteMs,
}, async () => {
  expect(await output('cluster.mjs', loadsNats('/cluster'))).toBe('true\n');
  for (const entry of ['', '/durable', '/patterns'])
    expect(await output('entry.mjs', loadsNats(entry))).toBe('false\n');
});

it('loads its testkit without a test framework, and its arbitraries with fast-check beside it', {
  timeout: minuteMs,
}, async () => {
  expect(await output('testkit.mjs', list('testing'))).toBe('true\n');
  await expect(output('arbitraries.mjs', list('testing/arbitraries'))).rejects.toThrow("'fast-check'");
  link('fast-check');
  expect(await output('arbitraries.mjs', list('testing/arbitraries'))).toBe('true\n');
});
