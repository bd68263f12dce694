import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anthropicClient } from '../lib/compatibility/anthropic-client.ts';
import { claudeCode } from '../lib/compatibility/claude-code.ts';
import { type CompatibleClient, type Feature, features, type Fleet } from '../lib/compatibility/client.ts';
import { installedClients, missingClients } from '../lib/compatibility/installed-clients.ts';
import { ollamaClient } from '../lib/compatibility/ollama-client.ts';
import { openWebUi } from '../lib/compatibility/open-webui.ts';
import { openAiClient } from '../lib/compatibility/openai-client.ts';
import { compatibilityPage } from '../lib/compatibility/page.ts';
import { findPython, pythonClients } from '../lib/compatibility/python-clients.ts';
import { type Cluster, startCluster, stopLeftovers } from '../lib/cluster.ts';
import { fullForm } from '../lib/figures.ts';
import { startSimHosts, stopSimHosts } from '../lib/sim-host.ts';
import { waitUntil } from '../lib/wait-until.ts';

// The clients that people already use, each with its real package, against a gateway and three simulated hosts. What
// passes is written into docs/compatibility.md.

const python = await findPython();
const packages: readonly CompatibleClient[] = [
  ollamaClient,
  openAiClient,
  anthropicClient,
  claudeCode,
  openWebUi,
];
const pythonPackages = pythonClients(python);
const missing = await missingClients();
const otherPackages = installedClients();
const clients = [...packages, ...otherPackages, ...pythonPackages];

let cluster: Cluster;
let fleet: Fleet;
const failed = new Set<string>();

beforeAll(async () => {
  const models = 'sim-count,sim-chat,sim-think,sim-vision,sim-embed';
  const hosts = await startSimHosts(3, { models, tps: 2_000, 'load-ms': 0 });
  cluster = await startCluster([
    ...hosts.flatMap(({ url }) => ['--ollama', url]),
    '--alias',
    'claude-*=nosuch|sim-count',
    '--alias',
    'gpt-5=sim-count',
  ]);
  fleet = { url: cluster.url, hosts };
});

afterAll(async () => {
  await cluster.stop();
  await stopLeftovers();
  await stopSimHosts();
});

function passed({ name }: CompatibleClient, feature: Feature): boolean {
  return !failed.has(`${name} ${feature}`);
}

async function runCheck(client: CompatibleClient, feature: Feature): Promise<void> {
  // Counts as failed until it has passed, so that a timeout counts too.
  failed.add(`${client.name} ${feature}`);
  await client.checks[feature]?.(fleet);
  failed.delete(`${client.name} ${feature}`);
}

function describeClient(client: CompatibleClient): void {
  const checked = features.filter((feature) => client.checks[feature] !== undefined);
  it.each(checked)('does: %s', async (feature) => await runCheck(client, feature));
}

describe.each(packages)('$name', describeClient);

if (missing !== undefined && fullForm) throw new Error(missing);
if (missing !== undefined) process.stdout.write(`skipped: ${missing}\n`);
describe.skipIf(missing !== undefined).each(otherPackages)('$name', describeClient);

describe.skipIf(python === undefined).each(pythonPackages)('$name', describeClient);

async function changeSetting(key: string, value?: string): Promise<void> {
  const method = value === undefined ? 'DELETE' : 'PUT';
  const body = value === undefined ? null : JSON.stringify({ value });
  const response = await fetch(`${cluster.url}/api/v1/settings/${key}`, { method, body });
  expect([key, response.ok]).toEqual([key, true]);
}

/** The model that serves requests for a name; null if it is the model of that name. */
async function servedBy(model: string): Promise<string | null> {
  const body = JSON.stringify({
    model,
    messages: [{ role: 'user', content: 'x' }],
    options: { num_predict: 1 },
  });
  const response = await fetch(`${cluster.url}/api/chat`, { method: 'POST', body });
  await response.text();
  return response.headers.get('x-drover-model');
}

it('takes aliases and a default while it runs', async () => {
  await changeSetting('alias', 'late=sim-chat,gpt-5=sim-chat');
  await changeSetting('default-model', 'nosuch|sim-count');
  await changeSetting('unknown-model', 'map');
  await waitUntil('the alias works', async () => (await servedBy('late')) === 'sim-chat:latest' || undefined);
  await waitUntil(
    'the default works',
    async () => (await servedBy('never heard of')) === 'sim-count:latest' || undefined,
  );
  for (const key of ['unknown-model', 'default-model', 'alias']) await changeSetting(key);
  await waitUntil(
    'the flags are back',
    async () => (await servedBy('gpt-5')) === 'sim-count:latest' || undefined,
  );
  expect(await servedBy('late')).toBeNull();
});

it('is written down in docs/compatibility.md', async () => {
  const page = fileURLToPath(new URL('../../docs/compatibility.md', import.meta.url));
  await expect(compatibilityPage(clients, passed)).toMatchFileSnapshot(page);
});
