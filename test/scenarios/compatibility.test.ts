import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anthropicClient } from '../lib/compatibility/anthropic-client.ts';
import { claudeCode } from '../lib/compatibility/claude-code.ts';
import { type CompatibleClient, type Feature, features, type Fleet } from '../lib/compatibility/client.ts';
import { ollamaClient } from '../lib/compatibility/ollama-client.ts';
import { openAiClient } from '../lib/compatibility/openai-client.ts';
import { compatibilityPage } from '../lib/compatibility/page.ts';
import { findPython, pythonClients } from '../lib/compatibility/python-clients.ts';
import { type Cluster, startCluster, stopLeftovers } from '../lib/cluster.ts';
import { startSimHosts, stopSimHosts } from '../lib/sim-host.ts';

// The clients that people already use, each with its real package, against a gateway and three simulated hosts. What
// passes is written into docs/compatibility.md.

const python = await findPython();
const packages: readonly CompatibleClient[] = [ollamaClient, openAiClient, anthropicClient, claudeCode];
const pythonPackages = pythonClients(python);
const clients = [...packages, ...pythonPackages];

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

describe.skipIf(python === undefined).each(pythonPackages)('$name', describeClient);

it('is written down in docs/compatibility.md', async () => {
  const page = fileURLToPath(new URL('../../docs/compatibility.md', import.meta.url));
  await expect(compatibilityPage(clients, passed)).toMatchFileSnapshot(page);
});
