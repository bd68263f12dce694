#!/usr/bin/env node
// Plain JavaScript that every Node from 18 on can run. Drover itself needs a newer Node: on an older one this program
// starts itself again under the Node that npm installed.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isNewEnough, nodeMissing, toolchainNode } from './toolchain-node.js';

const self = fileURLToPath(import.meta.url);
const mainPath = join(dirname(self), '..', 'dist', 'main.js');

if (!existsSync(mainPath)) {
  fail(3, 'drover is not built: run "npm run build" in the checkout ("npm ci" does it too)');
}
if (isNewEnough(process.versions.node)) {
  const { main } = await import(new URL('../dist/main.js', import.meta.url).href);
  await main(process.argv.slice(2));
} else {
  runUnderToolchainNode();
}

function runUnderToolchainNode() {
  // The IPC channel breaks when this process ends, also by SIGKILL, which tells the inner process to stop.
  const node = toolchainNode(import.meta.url) ?? fail(3, nodeMissing());
  const child = spawn(node, [self, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, DROVER_SUPERVISED: '1' },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('error', (error) => fail(3, `the Node that npm installed does not start: ${error.message}`));
  child.once('exit', (code, signal) => process.exit(code ?? (signal === 'SIGKILL' ? 137 : 128)));
}

function fail(code, message) {
  process.stderr.write(`drover: ${message}\n`);
  process.exit(code);
}
