import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { fullForm } from '../figures.ts';
import type { CompatibleClient, Feature, Fleet } from './client.ts';

const run = promisify(execFile);
/** A package outside the workspace (decision 0048). Each file in it holds the checks of one client. */
const folder = fileURLToPath(new URL('../../clients/', import.meta.url));
const installTimeoutMs = 300_000;

const common: readonly Feature[] = [
  'chat',
  'streamed chat',
  'image',
  'call of a tool',
  'result of a tool',
  'structured output',
  'embeddings',
  'name mapped by an alias',
  'error for an unknown model',
  'cancel',
];

const faults: readonly Feature[] = ['error in a broken stream', 'retry after 503'];

/** The clients by the name of their file: the packages that each uses, and the features that it checks. */
const clients: Readonly<
  Record<string, { readonly packages: string; readonly features: readonly Feature[] }>
> = {
  'ai-sdk': {
    packages: 'ai, @ai-sdk/openai-compatible',
    features: [...common, ...faults, 'text completion', 'thinking', 'forced call', 'forbidden call'],
  },
  'ai-sdk-ollama': { packages: 'ai-sdk-ollama', features: [...common, 'thinking'] },
  'langchain-ollama': {
    packages: '@langchain/ollama',
    features: [...common, 'error in a broken stream', 'text completion', 'thinking'],
  },
  'langchain-openai': {
    packages: '@langchain/openai',
    features: [...common, ...faults, 'responses', 'streamed responses', 'forced call', 'forbidden call'],
  },
};

type Checks = CompatibleClient['checks'];

/** Names the packages of `test/clients` that are not installed; undefined if all are. `npm run proof` installs them. */
export async function missingClients(): Promise<string | undefined> {
  if (isInstalled()) return undefined;
  if (!fullForm) return 'the packages of test/clients are not installed (npm ci --prefix test/clients)';
  try {
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder], {
      timeout: installTimeoutMs,
    });
    return undefined;
  } catch (error) {
    return `the packages of test/clients cannot be installed: ${(error as Error).message}`;
  }
}

/** The clients whose packages are in `test/clients`. Their checks load the packages when they run. */
export function installedClients(): readonly CompatibleClient[] {
  const pins = versions('package.json');
  return Object.entries(clients).map(([file, { packages, features }]) => {
    const check = async (feature: Feature, fleet: Fleet): Promise<void> => {
      const { default: checks } = (await import(pathToFileURL(`${folder}${file}.ts`).href)) as {
        default: Checks;
      };
      const checkFeature = checks[feature];
      if (checkFeature === undefined) throw new Error(`${file}.ts has no check of: ${feature}`);
      await checkFeature(fleet);
    };
    return {
      name: packages,
      version: packages
        .split(', ')
        .map((name) => pins.get(name) ?? '')
        .join(', '),
      checks: Object.fromEntries(
        features.map((feature) => [feature, (fleet: Fleet) => check(feature, fleet)]),
      ),
    };
  });
}

/** Compares the pins with the hidden lockfile, in which npm records what it has installed. */
function isInstalled(): boolean {
  try {
    const installed = versions('node_modules/.package-lock.json');
    return [...versions('package.json')].every(
      ([name, version]) => installed.get(`node_modules/${name}`) === version,
    );
  } catch {
    return false;
  }
}

function versions(file: string): ReadonlyMap<string, string> {
  const { dependencies, packages } = JSON.parse(readFileSync(`${folder}${file}`, 'utf8')) as {
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly packages?: Readonly<Record<string, { readonly version?: string }>>;
  };
  if (dependencies !== undefined) return new Map(Object.entries(dependencies));
  return new Map(Object.entries(packages ?? {}).map(([path, { version = '' }]) => [path, version]));
}
