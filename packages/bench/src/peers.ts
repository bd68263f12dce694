import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The folder `peers/` of this package, which is an npm package outside the workspace. */
const folder: string = fileURLToPath(new URL('../peers', import.meta.url));
const installTimeoutMs = 180_000;

/** Absolute path of the arm of a peer: a TypeScript file, which Node runs directly. */
export function peerArmFile(
  suite: 'actors' | 'gateway' | 'memory' | 'queue' | 'remote',
  name: string,
): string {
  return join(folder, suite, `${name}.ts`);
}

/** The default export of the arm of a peer. Does not load the library of the peer; the arm does when it runs. */
export async function loadPeerArm<T>(file: string): Promise<T> {
  return ((await import(pathToFileURL(file).href)) as { default: T }).default;
}

/**
 * Installs the libraries for the arms under `peers/`, unless the locked versions are installed. Install scripts are
 * not run. When the installation fails, the reason goes to `progress` and the arms report that they are not
 * available.
 */
export async function installPeers(progress: (line: string) => void): Promise<void> {
  if (isInstalled()) return;
  progress('installing the libraries to compare with (npm ci in packages/bench/peers)');
  try {
    await npmInstall();
  } catch (error) {
    progress(`the libraries to compare with cannot be installed: ${(error as Error).message}`);
  }
}

/** Compares the lockfile with the hidden lockfile, in which npm records what it has installed. */
function isInstalled(): boolean {
  const installed = join(folder, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  const there = lockedVersions(installed);
  const wanted = [...lockedVersions(join(folder, 'package-lock.json'))];
  return wanted.every(([path, version]) => path === '' || there.get(path) === version);
}

function lockedVersions(file: string): Map<string, string | undefined> {
  const { packages } = JSON.parse(readFileSync(file, 'utf8')) as {
    packages: Record<string, { version?: string; optional?: boolean }>;
  };
  return new Map(
    Object.entries(packages)
      .filter(([, { optional }]) => optional !== true)
      .map(([path, { version }]) => [path, version]),
  );
}

async function npmInstall(): Promise<void> {
  // npm gives its path to the scripts that it runs. A script that was started without npm uses npm from PATH.
  const npm = process.env['npm_execpath'];
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  const child =
    npm === undefined
      ? spawn('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
      : spawn(process.execPath, [npm, ...args], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-2_000);
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), installTimeoutMs);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  }).finally(() => clearTimeout(timer));
  if (code !== 0) throw new Error(`npm ci ended with ${code}: ${errors.trim().split('\n').at(-1) ?? ''}`);
}
