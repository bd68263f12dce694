// Checks that the folders of each package import only folders below them (order: scripts/layers.mjs). Exit code 1 and
// one line for each wrong import. Test files may import everything. Usage: node scripts/check-layers.mjs
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { layers } from './layers.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/**
 * The wrong imports of one package.
 *
 * @param {readonly string[]} order layers from the bottom up
 * @param {ReadonlyMap<string, string>} sources text of each file, by its path inside `src`
 * @returns {string[]} one line for each import of a higher layer and for each file without a layer
 */
export function layerProblems(order, sources) {
  const problems = [];
  for (const [path, text] of sources) {
    if (isTest(path)) continue;
    const own = layerOf(order, path);
    if (own === undefined) {
      problems.push(`${path}:1 belongs to no layer: add its folder to scripts/layers.mjs`);
      continue;
    }
    for (const { target, line } of relativeImports(path, text)) {
      const other = layerOf(order, target);
      // A file without a layer is reported once, at the file.
      if (other === undefined || order.indexOf(other) <= order.indexOf(own)) continue;
      problems.push(
        `${path}:${line} ${own} must not import ${other} (${target}): ${other} is a higher layer`,
      );
    }
  }
  return problems;
}

/** The layer of a file: the longest name in the order that is the file or a folder around it. */
function layerOf(order, path) {
  return order
    .filter((layer) => path === layer || path.startsWith(`${layer}/`))
    .reduce(
      (longest, layer) => (longest === undefined || layer.length > longest.length ? layer : longest),
      undefined,
    );
}

/** Imports and re-exports of files of the same package, types included. */
function* relativeImports(path, text) {
  for (const [index, line] of text.split('\n').entries()) {
    const imported = /\b(?:from|import)\s*\(?\s*'(\.[^']+)'/.exec(line)?.[1];
    if (imported !== undefined) yield { target: posix.join(posix.dirname(path), imported), line: index + 1 };
  }
}

function isTest(path) {
  return /\.(test|fixture)\.ts$/.test(path);
}

function sourcesOf(name) {
  const folder = join(root, 'packages', name, 'src');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    files.map((file) => [relative(folder, file).split(sep).join('/'), readFileSync(file, 'utf8')]),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = Object.entries(layers).flatMap(([name, order]) =>
    layerProblems(order, sourcesOf(name)).map((problem) => `packages/${name}/src/${problem}`),
  );
  for (const problem of problems) console.error(problem);
  console.log(problems.length === 0 ? 'layers: kept' : `layers: ${problems.length} wrong imports`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
