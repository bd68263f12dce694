import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { startCluster, stopLeftovers } from '../lib/cluster.ts';
import { fullForm, recordFigure } from '../lib/figures.ts';
import { type SuiteResult, suiteResults } from '../lib/junit.ts';
import { startSimHosts, stopSimHosts } from '../lib/sim-host.ts';

// LangChain's standard suites (PyPI: langchain-tests) with langchain-ollama and langchain-openai, once directly against a
// host and once through Drover. `DROVER_PYTHON` names an interpreter with test/python/requirements-langchain.txt.

const suites = fileURLToPath(new URL('../python/langchain_suites.py', import.meta.url));
const python = process.env['DROVER_PYTHON'] ?? 'python3';
const suiteTimeoutMs = 400_000;

const folder = mkdtempSync(join(tmpdir(), 'drover-langchain-'));
afterAll(async () => {
  await stopLeftovers();
  await stopSimHosts();
  rmSync(folder, { recursive: true, force: true });
});

/** Plays every suite against `url`. Fails of the suites are results; without results it throws. */
async function play(url: string, name: string): Promise<ReadonlyMap<string, SuiteResult>> {
  const output = join(folder, `${name}.xml`);
  const options = ['-q', '-p', 'no:cacheprovider', '-o', 'asyncio_mode=auto', `--junitxml=${output}`];
  let printed = '';
  await promisify(execFile)(python, ['-m', 'pytest', suites, ...options], {
    env: { ...process.env, SUITE_URL: url },
    timeout: suiteTimeoutMs,
    maxBuffer: 64 * 2 ** 20,
  }).catch((error: Error & { readonly stdout?: string; readonly stderr?: string }) => {
    printed = `${error.message}\n${error.stdout ?? ''}\n${error.stderr ?? ''}`;
  });
  try {
    return suiteResults(readFileSync(output, 'utf8'));
  } catch (error) {
    throw new Error(`the suites did not run: ${printed.slice(-2_000)}`, { cause: error });
  }
}

function count(results: ReadonlyMap<string, SuiteResult>, wanted: SuiteResult): number {
  return [...results.values()].filter((result) => result === wanted).length;
}

// Only in the long form: the suites take minutes, and their packages are not part of the workspace.
describe.runIf(fullForm)("LangChain's standard suites", () => {
  it('pass through Drover wherever they pass directly against a host', { timeout: 900_000 }, async () => {
    const models = 'sim-chat,sim-vision,sim-embed,sim-think';
    const flags = { models, tps: 2_000, 'load-ms': 0, slots: 4 };
    const hosts = await startSimHosts(3, flags);
    const cluster = await startCluster(['--slots', '4', ...hosts.flatMap(({ url }) => ['--ollama', url])]);
    const direct = await play(hosts[0]?.url ?? '', 'direct');
    const through = await play(cluster.url, 'through');
    const lost = [...direct].filter(
      ([name, result]) => result === 'passed' && through.get(name) !== 'passed',
    );
    recordFigure('tests that pass directly against a host', count(direct, 'passed'));
    recordFigure('of these, fail through Drover', lost.length, '', '0');
    recordFigure('tests that pass through Drover', count(through, 'passed'));
    recordFigure('fail directly (the simulated model cannot answer them)', count(direct, 'failed'));
    recordFigure('skipped by the suites', count(direct, 'skipped'));
    expect(count(direct, 'passed')).toBeGreaterThan(100);
    expect(lost.map(([name]) => `${name}: ${through.get(name)}`)).toEqual([]);
    expect(await cluster.stop()).toBe(0);
  });
});
