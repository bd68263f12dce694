import { it, expect } from 'vitest';
import { resolveOptions } from './options.ts';

it('prefers the request to the Modelfile, drops unknown names, and reads null as unset', () => {
  const options = resolveOptions(
    { num_ctx: 1024, stop: ['x'] },
    { num_ctx: null, temperature: 0, mirostat: 2, seed: 7.9 },
  );
  expect(options).toEqual({ num_ctx: 1024, stop: ['x'], temperature: 0, seed: 7 });
});

it.each([
  [{ temperature: 'hot' }, 'option "temperature" must be of type float32'],
  [{ num_ctx: '4096' }, 'option "num_ctx" must be of type integer'],
  [{ use_mmap: 1 }, 'option "use_mmap" must be of type boolean'],
  [{ stop: 'x' }, 'option "stop" must be of type array'],
])('refuses %j with status 500', (asked, message) => {
  expect(() => resolveOptions({}, asked)).toThrow(expect.objectContaining({ status: 500, message }));
});
