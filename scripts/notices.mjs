// Writes THIRD-PARTY-NOTICES.md: the packages in an installation of Drover, with versions and licences.
// Usage, after every change of dependencies: node scripts/notices.mjs [--check]
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const output = join(root, 'THIRD-PARTY-NOTICES.md');
const lock = read('package-lock.json');
/** Packages that users install; the others of the workspace are for development. */
const published = ['actor-core', 'fleet', 'agents', 'gateway', 'node-agent', 'cli', 'ollama-sim', 'bench'];
/** Licences that an installation may contain without a review. */
const accepted = /^\(?(MIT|ISC|Apache-2\.0|BSD-2-Clause|BSD-3-Clause|Unlicense|MIT AND Zlib)\)?$/;

const rows = collect();
const refused = rows.filter(({ licence }) => !accepted.test(licence));
for (const { name, licence } of refused)
  console.error(`${name}: the licence ${JSON.stringify(licence)} is not an accepted licence`);
const text = `# What Drover brings along

The npm packages that an installation of the published packages contains, made by \`scripts/notices.mjs\` from the lock
file. Each one carries the text of its licence in its own folder. nats-server (Apache-2.0) is not part of an
installation: the first start finds one on the machine or downloads it.

| package | version | licence |
|---|---|---|
${rows.map(({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`).join('\n')}
`;
if (process.argv.includes('--check')) {
  if (!existsSync(output) || readFileSync(output, 'utf8') !== text) {
    console.error('THIRD-PARTY-NOTICES.md is out of date: run node scripts/notices.mjs');
    process.exitCode = 1;
  }
} else writeFileSync(output, text);
if (refused.length > 0) process.exitCode = 1;

/** All packages that a published package depends on, without development dependencies. */
function collect() {
  const found = new Map();
  const queue = published.map((name) => `packages/${name}`);
  for (let place = queue.pop(); place !== undefined; place = queue.pop()) {
    const entry = lock.packages[place];
    for (const name of Object.keys(entry.dependencies ?? {})) {
      const at = resolve(place, name);
      if (at === undefined) throw new Error(`${name} of ${place} is not in the lock file`);
      const target = lock.packages[at];
      if (target.link || found.has(at)) continue;
      found.set(at, { name: target.name ?? name, version: target.version, licence: licenceOf(at) });
      queue.push(at);
    }
  }
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Path of a package as Node resolves it: in the nearest folder `node_modules` upwards. */
function resolve(place, name) {
  for (let folder = place; ; folder = folder.replace(/(^|\/)(node_modules\/(@[^/]+\/)?)?[^/]*$/, '')) {
    const at = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (lock.packages[at] !== undefined) return at;
    if (folder === '') return undefined;
  }
}

function licenceOf(place) {
  const { license } =
    lock.packages[place].license === undefined ? read(join(place, 'package.json')) : lock.packages[place];
  return typeof license === 'string' ? license : 'unknown';
}

function read(path) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}
