import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type CompatibleClient, type Feature, type Fleet } from './client.ts';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('../../python/', import.meta.url));

/** Features that `test/python/checks.py` checks for each package. */
const checked: Readonly<Record<string, readonly Feature[]>> = {
  ollama: [
    'chat',
    'streamed chat',
    'text completion',
    'thinking',
    'image',
    'call of a tool',
    'structured output',
    'embeddings',
    'list of models',
    'one model',
    'name mapped by an alias',
    'error for an unknown model',
    'error in a broken stream',
  ],
  openai: [
    'chat',
    'streamed chat',
    'text completion',
    'responses',
    'streamed responses',
    'image',
    'call of a tool',
    'forced call',
    'forbidden call',
    'structured output',
    'embeddings',
    'list of models',
    'one model',
    'name mapped by an alias',
    'error for an unknown model',
    'error in a broken stream',
    'retry after 503',
  ],
  anthropic: [
    'chat',
    'streamed chat',
    'thinking',
    'image',
    'call of a tool',
    'forced call',
    'forbidden call',
    'list of models',
    'one model',
    'count of tokens',
    'name mapped by an alias',
    'error for an unknown model',
    'error in a broken stream',
    'retry after 503',
  ],
};

/** The interpreter whose packages are checked; undefined if there is none. */
export async function findPython(): Promise<string | undefined> {
  const python = process.env['DROVER_PYTHON'] ?? 'python3';
  try {
    await run(python, ['-c', 'import anthropic, ollama, openai']);
    return python;
  } catch {
    return undefined;
  }
}

/** The packages `ollama`, `openai` and `anthropic` for Python; one process for each checks all of its features. */
export function pythonClients(python: string | undefined): readonly CompatibleClient[] {
  return Object.entries(checked).map(([name, features]) => {
    let results: Promise<Record<string, string>> | undefined;
    const check = async (feature: Feature, fleet: Fleet): Promise<void> => {
      results ??= runChecks(python ?? 'python3', name, fleet);
      const result = (await results)[feature] ?? 'was not checked';
      if (result !== 'ok') throw new Error(`${name} for Python, ${feature}: ${result}`);
    };
    const checks = features.map((feature) => [feature, (fleet: Fleet) => check(feature, fleet)] as const);
    return { name: `${name} (Python)`, version: pinnedVersion(name), checks: Object.fromEntries(checks) };
  });
}

async function runChecks(python: string, name: string, fleet: Fleet): Promise<Record<string, string>> {
  const hosts = fleet.hosts.map(({ url }) => url).join(',');
  const { stdout } = await run(python, [`${folder}checks.py`, name, fleet.url, hosts]);
  return JSON.parse(stdout) as Record<string, string>;
}

function pinnedVersion(name: string): string {
  const pins = readFileSync(`${folder}requirements.txt`, 'utf8');
  return new RegExp(`^${name}==(.*)$`, 'm').exec(pins)?.[1] ?? '';
}
