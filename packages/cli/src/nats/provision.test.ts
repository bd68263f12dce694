import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { adopt, type FetchOutcome } from './debian-package.ts';
import { type ProvisionOptions, provisionServer } from './provision.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

interface Bench {
  readonly folder: string;
  readonly cacheDir: string;
  readonly lines: string[];
  /** A program that prints the version of that nats-server. */
  readonly program: (name: string, version: string) => string;
  readonly provision: (options?: Partial<ProvisionOptions>) => ReturnType<typeof provisionServer>;
}

function setup(): Bench {
  const folder = mkdtempSync(join(tmpdir(), 'drover-provision-'));
  folders.push(folder);
  const cacheDir = join(folder, 'cache');
  const lines: string[] = [];
  return {
    folder,
    cacheDir,
    lines,
    program: (name, version) => {
      mkdirSync(join(folder, name), { recursive: true });
      const path = join(folder, name, 'nats-server');
      writeFileSync(path, `#!/bin/sh\necho "nats-server: v${version}"\n`, { mode: 0o755 });
      return path;
    },
    provision: (options) =>
      provisionServer({
        searchPath: '',
        cacheDir,
        progress: (line) => lines.push(line),
        sources: [],
        ...options,
      }),
  };
}

it('takes the first supported program on PATH, and reports an older one', async () => {
  const { program, provision, folder, lines } = setup();
  program('old', '2.10.27');
  const path = program('new', '2.15.1');
  const searchPath = `${join(folder, 'old')}:${join(folder, 'new')}`;
  expect(await provision({ searchPath })).toEqual({ path, version: '2.15.1' });
  expect(lines.join()).toContain('2.10.27');
});

it('fetches a program only when this machine has none, and finds it in the cache the next time', async () => {
  const { program, provision, cacheDir } = setup();
  let fetches = 0;
  const source = async (): Promise<FetchOutcome> => {
    fetches += 1;
    return adopt(program('fetched', '2.15.1'), cacheDir);
  };
  const first = await provision({ sources: [source] });
  expect(await provision({ sources: [source] })).toEqual(first);
  expect(first.path).toBe(join(cacheDir, 'v2.15.1', 'nats-server'));
  expect(fetches).toBe(1);
});

it('survives two starts that fetch at the same moment', async () => {
  const { program, provision, cacheDir } = setup();
  const path = program('fetched', '2.15.1');
  const source = (): Promise<FetchOutcome> => adopt(path, cacheDir);
  const both = await Promise.all([provision({ sources: [source] }), provision({ sources: [source] })]);
  expect(new Set(both.map((binary) => binary.path)).size).toBe(1);
  expect(readdirSync(cacheDir)).toEqual(['v2.15.1']);
});

it('refuses an old program from one source and tries the next source', async () => {
  const { program, provision, cacheDir } = setup();
  const sources = ['2.10.27', '2.14.4'].map(
    (version) => (): Promise<FetchOutcome> => adopt(program(`from-${version}`, version), cacheDir),
  );
  expect((await provision({ sources })).version).toBe('2.14.4');
});

it('says what to install when no source delivered a program, with the reasons', async () => {
  const { provision } = setup();
  await expect(provision({ sources: [failingSource] })).rejects.toMatchObject({
    code: 'nats-missing',
    exitCode: 3,
    message: expect.stringContaining('the mirror took longer than 10 s') as string,
    fix: expect.stringContaining('install nats-server 2.14.4 or newer') as string,
  });
});

it('uses the program of DROVER_NATS_SERVER and no other', async () => {
  const { program, provision } = setup();
  const path = program('own', '2.14.4');
  expect(await provision({ explicitPath: path })).toEqual({ path, version: '2.14.4' });
  await expect(provision({ explicitPath: '/nonexistent' })).rejects.toMatchObject({ exitCode: 2 });
  await expect(provision({ explicitPath: program('old', '2.10.27') })).rejects.toMatchObject({
    code: 'nats-unsupported',
    exitCode: 3,
    message: expect.stringContaining('2.10.27') as string,
  });
});

async function failingSource(): Promise<FetchOutcome> {
  return { ok: false, reason: 'the mirror took longer than 10 s' };
}
