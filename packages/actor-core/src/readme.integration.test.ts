import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageFolder, programsOf, typeCheck } from './documents.fixture.ts';
import { type NatsServer, startNatsServer } from './testing/nats-server.ts';

const programs = [
  ...programsOf('README.md'),
  ...programsOf('docs/lesson.md'),
  ...programsOf('docs/testing.md'),
];
const minuteMs = 60_000;
let server: NatsServer;
let scratch: string;

beforeAll(async () => {
  server = await startNatsServer();
  // Inside the package, so that the package name resolves.
  scratch = mkdtempSync(join(packageFolder, 'dist', 'readme-'));
  for (const { name, source } of programs)
    writeFileSync(join(scratch, `${name}.mts`), source.replace('127.0.0.1:4222', server.url));
});
afterAll(async () => {
  rmSync(scratch, { recursive: true, force: true });
  await server.dispose();
});

it.each(programs)(
  '$name runs unchanged and prints the output that is shown',
  { timeout: minuteMs },
  async ({ name, output }) => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(scratch, `${name}.mts`)]);
    expect(stdout).toBe(output);
  },
);

it('every program passes the strictest type check', { timeout: minuteMs }, async () => {
  expect(await typeCheck(scratch)).toBe('');
});
