// Lints the protos of the gateway, and compares them with those of the last release: a field may not change its number,
// its type or its name. `--release` makes the present protos those of the last release.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const protos = join(here, '..', '..', 'packages', 'gateway', 'proto');
const released = join(protos, 'released.binpb');

if (process.argv.includes('--release')) buf('build', protos, '--output', released);
else {
  buf('lint', protos);
  buf('breaking', protos, '--against', released);
  console.log('protos: right, and compatible with the last release');
}

function buf(...args) {
  const { status, error } = spawnSync(join(here, 'node_modules', '.bin', 'buf'), args, { stdio: 'inherit' });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(1);
}
