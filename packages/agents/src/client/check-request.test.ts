import { expect, it } from 'vitest';
import { resolveConfig } from '../config.ts';
import { outputCharsFor } from '../protocol/limits.ts';
import { checkTask } from './check-request.ts';

const config = resolveConfig();
const smallest = 64 * 1024;

it('refuses an input that does not fit one NATS message, naming both sizes', () => {
  const input = 'x'.repeat(70_000);
  expect(checkTask({ input }, config, 1024 * 1024)).toMatchObject({ input });
  expect(() => checkTask({ input }, config, smallest)).toThrow(
    expect.objectContaining({
      code: 'invalid-input',
      field: 'input',
      message: 'input has 70002 bytes; the NATS server carries messages of 65536 bytes (max_payload)',
    }),
  );
});

it('counts the bytes of the record, not the characters of the input', () => {
  const input = '"'.repeat(40_000);
  expect(() => checkTask({ input }, config, smallest)).toThrow('has 80002 bytes');
});

it('limits an answer to a length whose record fits with any characters', () => {
  const output = '\u0001'.repeat(outputCharsFor(smallest));
  expect(Buffer.byteLength(JSON.stringify({ output }))).toBeLessThan(smallest);
  // A server with the default limit does not reduce the default length.
  expect(outputCharsFor(1024 * 1024)).toBeGreaterThan(config.maxOutputChars);
});
