import { spawn, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { type Cluster, cleanEnvironment, droverBin, startCluster, stopLeftovers } from '../lib/cluster.ts';
import { type GuideBlock, isPrinted, pagesOf, readGuidePage } from '../lib/guide-page.ts';

type Played = Extract<GuideBlock, { kind: 'sh' }>;

const root = fileURLToPath(new URL('../..', import.meta.url));
const guide = join(root, 'docs', 'guide');
const readme = readFileSync(join(guide, 'README.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'drover-guide-'));
const bin = join(folder, 'bin');
const writtenUrl = '127.0.0.1:11500';
const longestPageMs = 120_000;

mkdirSync(bin);
writeFileSync(join(bin, 'drover'), `#!/bin/sh\nexec '${process.execPath}' '${droverBin}' "$@"\n`, {
  mode: 0o755,
});
// The programs of the guide import packages.
symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));

afterAll(async () => {
  await stopLeftovers();
  rmSync(folder, { recursive: true, force: true });
});

/** The guide needs programs that a bare machine may lack. */
const missing = ['curl', 'openssl'].filter((name) => spawnSync(name, ['--version']).error !== undefined);

/** Plays the user guide page by page against one fleet, which a block `sh up` replaces. */
describe.skipIf(missing.length > 0)('the user guide', () => {
  let cluster: Cluster | undefined;

  it('lists every page', () => {
    const files = readdirSync(guide).filter((name) => name !== 'README.md');
    expect(pagesOf(readme).toSorted()).toEqual(files.toSorted());
  });

  it.each(['README.md', ...pagesOf(readme)])('%s does what it says', async (page) => {
    let waiting: Played[] = [];
    const play = async (): Promise<void> => {
      if (waiting.length > 0) await playBlocks(page, waiting, cluster);
      waiting = [];
    };
    for (const block of readGuidePage(readFileSync(join(guide, page), 'utf8'))) {
      if (block.kind === 'sh') {
        waiting.push(block);
        continue;
      }
      await play();
      await cluster?.stop();
      // Files of the guide are in its folder.
      const args = block.args.map((arg) => (/\.(pem|key)$/.test(arg) ? join(folder, arg) : arg));
      cluster = await startCluster(args);
    }
    await play();
  });
});

/** Plays blocks in one shell, so that variables go on, and compares what each prints. */
async function playBlocks(
  page: string,
  blocks: readonly Played[],
  cluster: Cluster | undefined,
): Promise<void> {
  const address = cluster === undefined ? writtenUrl : new URL(cluster.url).host;
  const outputOf = (line: number): string => join(folder, `${page}.${line}.out`);
  const script = blocks
    .map(({ line, script: text }) => `exec > '${outputOf(line)}'\n${text.replaceAll(writtenUrl, address)}`)
    .join('\n');
  const { code, stderr } = await runShell(`set -eu\n${script}`, cluster);
  for (const { line, printed } of blocks) {
    const path = outputOf(line);
    const output = readdirSync(folder).includes(`${page}.${line}.out`)
      ? readFileSync(path, 'utf8')
      : undefined;
    const place = `docs/guide/${page}:${line}`;
    expect(output, `${place} was not reached: exit code ${code}\n${stderr}`).toBeDefined();
    if (printed === undefined || output === undefined) continue;
    const wanted = printed.replaceAll(writtenUrl, address);
    expect(isPrinted(wanted, output), `${place} prints\n${output}\nnot\n${wanted}\n${stderr}`).toBe(true);
  }
  expect(code, `the last command of ${page} that was reached fails\n${stderr}`).toBe(0);
}

async function runShell(
  script: string,
  cluster: Cluster | undefined,
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const path = [bin, dirname(process.execPath), process.env['PATH']].join(delimiter);
  const data = cluster === undefined ? {} : { DROVER_DATA: cluster.dataDir };
  const child = spawn('sh', ['-s'], {
    cwd: folder,
    env: cleanEnvironment({ PATH: path, ...data }),
    stdio: ['pipe', 'ignore', 'pipe'],
    timeout: longestPageMs,
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.end(script);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stderr };
}
