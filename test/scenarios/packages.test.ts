import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startCluster, stopLeftovers } from '../lib/cluster.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const published = [
  'actor-core',
  'telemetry',
  'client',
  'fleet',
  'agents',
  'gateway',
  'node-agent',
  'cli',
  'ollama-sim',
];

/** Packs the packages and installs them in an empty folder outside the repository. */
describe('the packed packages', () => {
  let folder = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'drover-packed-'));
    const workspaces = published.flatMap((name) => ['-w', `packages/${name}`]);
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder, ...workspaces], {
      cwd: root,
    });
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    const archives = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
    expect(archives).toHaveLength(published.length);
    await run(
      'npm',
      ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...archives.map((name) => `./${name}`)],
      {
        cwd: folder,
      },
    );
  });

  afterEach(stopLeftovers);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('contain programs, declarations and documents, but no tests and no build files', () => {
    for (const name of published) {
      const files = readdirSync(join(folder, 'node_modules', '@drover', name), {
        recursive: true,
      }) as string[];
      expect(files).toEqual(
        expect.arrayContaining(['README.md', 'package.json', join('dist', 'index.d.ts')]),
      );
      expect(files.filter((file) => /\.test\.|\.map$|tsbuildinfo|^src/.test(file))).toEqual([]);
    }
  });

  it('start a fleet that answers', async () => {
    const bin = join(folder, 'node_modules', '@drover', 'cli', 'bin', 'drover.js');
    const cluster = await startCluster(['--sim', '1'], { bin });
    const body = JSON.stringify({
      model: 'sim-count',
      stream: false,
      messages: [{ role: 'user', content: 'count' }],
      options: { num_predict: 3 },
    });
    const response = await fetch(`${cluster.url}/api/chat`, { method: 'POST', body });
    expect(await response.json()).toMatchObject({ message: { content: '1 2 3' }, done: true });
    expect(await cluster.stop()).toBe(0);
  });
});
