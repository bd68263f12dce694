import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type NatsServer, startNatsServer } from './testing/nats-server.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));
const programs = [...readFileSync(join(folder, 'README.md'), 'utf8').matchAll(/```js\n([\s\S]*?)```/g)].map(
  (match) => match[1] as string,
);
let server: NatsServer;
let scratch: string;

beforeAll(async () => {
  server = await startNatsServer();
  // Inside the package, so that its own name resolves.
  scratch = mkdtempSync(join(folder, 'dist', 'readme-'));
});
afterAll(async () => {
  rmSync(scratch, { recursive: true, force: true });
  await server.dispose();
});

it.each([
  [0, '42\n'],
  [1, 'hello you\n'],
])('program %i of the README runs as it stands and prints what it says', async (index, expected) => {
  const file = join(scratch, `program-${index}.mjs`);
  writeFileSync(file, (programs[index] as string).replace('127.0.0.1:4222', server.url));
  const { stdout } = await promisify(execFile)(process.execPath, [file]);
  expect(stdout).toBe(expected);
});
