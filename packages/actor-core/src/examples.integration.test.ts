import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageFolder, typeCheck } from './documents.fixture.ts';
import { type NatsServer, startNatsServer } from './testing/nats-server.ts';

const folder = join(packageFolder, 'examples');
const examples = readdirSync(folder).filter((file) => file.endsWith('.mts'));
const minuteMs = 60_000;
let server: NatsServer;
let scratch: string;

/** Expected output of an example: its last comment. */
function printed(source: string): string {
  const [, output] = /\n\/\* prints\n([\s\S]*)\*\/\n$/.exec(source) ?? [];
  if (output === undefined) throw new Error('the example does not end with a comment that shows its output');
  return output;
}

beforeAll(async () => {
  server = await startNatsServer();
  // Inside the package, so that the package name resolves.
  scratch = mkdtempSync(join(packageFolder, 'dist', 'readme-'));
  for (const file of examples) {
    const source = readFileSync(join(folder, file), 'utf8');
    writeFileSync(join(scratch, file), source.replace('127.0.0.1:4222', server.url));
  }
});
afterAll(async () => {
  rmSync(scratch, { recursive: true, force: true });
  await server.dispose();
});

it('there is an example of each part that the lesson does not cover', () => {
  expect(examples.toSorted()).toEqual([
    'breaker.mts',
    'delivery.mts',
    'entities.mts',
    'fsm.mts',
    'pub-sub.mts',
    'registry.mts',
    'routers.mts',
    'shutdown.mts',
    'workers.mts',
  ]);
  const index = readFileSync(join(folder, 'README.md'), 'utf8');
  for (const file of examples) expect(index).toContain(`](${file})`);
});

it.each(examples)(
  '%s runs unchanged and prints the output that it shows',
  { timeout: minuteMs },
  async (file) => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(scratch, file)]);
    expect(stdout).toBe(printed(readFileSync(join(folder, file), 'utf8')));
  },
);

it('every example passes the strictest type check', { timeout: minuteMs }, async () => {
  expect(await typeCheck(scratch)).toBe('');
});
