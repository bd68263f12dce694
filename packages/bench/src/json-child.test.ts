import { describe, expect, it } from 'vitest';
import { runForJson } from './json-child.ts';

const run = (program: string, timeoutMs = 20_000): Promise<unknown> =>
  runForJson(process.execPath, ['-e', program], { timeoutMs });

describe('runForJson', () => {
  it('returns the last line that is a JSON object, and ignores other output', async () => {
    await expect(
      run(`console.log('starting'); console.log('{"a":1}'); console.log('{"a":2}')`),
    ).resolves.toEqual({
      a: 2,
    });
  });

  it('fails with the end of stderr when the program fails', async () => {
    await expect(run(`console.log('{}'); console.error('no room'); process.exit(3)`)).rejects.toThrow(
      /ended with 3\nno room/,
    );
  });

  it('fails when nothing was printed', async () => {
    await expect(run('')).rejects.toThrow(/ended with 0/);
  });

  it('kills a program that takes too long', async () => {
    await expect(run('setInterval(() => {}, 1000)', 200)).rejects.toThrow(/longer than 200 ms/);
  });
});
