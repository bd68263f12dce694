// Adds the optional packages of other platforms to package-lock.json, which `npm install` leaves out when the registry
// does not carry them. Without them `npm ci` reports that the lock file is incomplete. npm downloads such a package
// only on its platform, in the version of the lock file.
// Usage, after every change of dependencies: node scripts/complete-lockfile.mjs [--check]
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const path = join(dirname(fileURLToPath(import.meta.url)), '..', 'package-lock.json');
const lock = JSON.parse(readFileSync(path, 'utf8'));
const systems = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64', 'wasm32'];

const added = [];
for (const [place, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (isLocked(place, name)) continue;
    const platform = platformOf(name);
    if (platform === undefined)
      throw new Error(`${name} of ${place} is not locked, and its name has no platform`);
    if (!/^\d/.test(version)) throw new Error(`${name} of ${place} has no exact version: ${version}`);
    const flags = entry.dev === true ? { dev: true, optional: true } : { optional: true };
    lock.packages[`node_modules/${name}`] = { version, ...platform, ...flags };
    added.push(`${name} ${version}`);
  }
}
if (added.length > 0 && !process.argv.includes('--check')) {
  const sorted = Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : 1));
  lock.packages = Object.fromEntries(sorted);
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
}
console.log(
  added.length === 0 ? 'the lock file is complete' : `missing in the lock file: ${added.join(', ')}`,
);
process.exitCode = added.length > 0 && process.argv.includes('--check') ? 1 : 0;

/** Whether the lock file has the package where Node resolves it: beside the package, or in a folder above. */
function isLocked(place, name) {
  for (let folder = place; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    const candidate = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (lock.packages[candidate] !== undefined) return true;
    if (folder === '') return false;
    if (!folder.includes('node_modules/')) folder = '';
  }
}

/** The platform in a name such as `@oxlint/binding-linux-x64-musl`. */
function platformOf(name) {
  const words = name.split('/').at(-1).split('-');
  const os = words.find((word) => systems.includes(word)) ?? (words.includes('win') ? 'win32' : undefined);
  const cpu = words.find((word) => processors.includes(word));
  if (cpu === undefined || (os === undefined && cpu !== 'wasm32')) return undefined;
  const libc =
    os !== 'linux'
      ? undefined
      : words.includes('musl')
        ? ['musl']
        : words.includes('gnu')
          ? ['glibc']
          : undefined;
  return { cpu: [cpu], ...(os === undefined ? {} : { os: [os] }), ...(libc === undefined ? {} : { libc }) };
}
