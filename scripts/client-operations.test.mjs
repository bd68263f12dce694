import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('client-operations.mjs', import.meta.url));

it('the committed types of the client fit the routes of the gateway (else: npm run client)', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [script, '--check']);
  expect(stdout).toContain('up to date');
});
