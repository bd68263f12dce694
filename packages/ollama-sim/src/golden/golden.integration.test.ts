import { it, afterAll, expect } from 'vitest';
import { type SimModelSpec, sha256 } from '../model/model.ts';
import { type OllamaSim, startOllamaSim } from '../sim.ts';
import { Agreement } from './agreement.ts';
import { differences } from './differences.ts';
import { exceptions } from './exceptions.ts';
import { replay } from './replay.ts';
import { isUnanswered, readGroup, recordedModels } from './transcript.ts';

const groups = [
  'chat',
  'embed',
  'generate',
  'ps-and-load',
  'pull',
  'service',
  'show',
  'v1-chat',
  'v1-models',
];
const leastPercent = 95;
const models = recordedModels();
const agreement = new Agreement(exceptions);

/** Requests before an exchange that bring a simulator into the state of the recorded server. */
const prepare: Readonly<Record<string, (sim: OllamaSim) => Promise<void>>> = {
  'service/get-api-ps': (sim) => load(sim, 'tools', 'think', 'insert', 'eos', 'native'),
  'embed/ps-with-embed': (sim) => load(sim, 'fast', 'native', 'embed', 'mid', 'eos', 'think'),
  'ps-and-load/ps-01-nothing-loaded': (sim) => post(sim, '/api/generate', { model: 'fast', keep_alive: 0 }),
  'pull/tags-after': (sim) =>
    post(sim, '/api/pull', { model: 'http://127.0.0.1:5000/library/mid:latest', stream: false }),
};

/** Faults of the recorded model registry, by exchange. */
const registryFaults: Readonly<Record<string, 'blob-missing' | 'digest-mismatch' | 'no-redirect'>> = {
  'blob-404': 'blob-missing',
  'digest-mismatch': 'digest-mismatch',
  'registry-without-redirect': 'no-redirect',
};

async function post(sim: OllamaSim, path: string, body: object): Promise<void> {
  const response = await fetch(sim.url + path, { method: 'POST', body: JSON.stringify(body) });
  await response.text();
}

async function load(sim: OllamaSim, ...names: readonly string[]): Promise<void> {
  for (const model of names) await post(sim, model === 'embed' ? '/api/embed' : '/api/generate', { model });
}

function start(group: string, name: string): Promise<OllamaSim> {
  const pulls = group === 'pull';
  const fault = registryFaults[name];
  return startOllamaSim({
    models:
      pulls && !name.startsWith('again')
        ? []
        : pulls
          ? [{ ...spec('native'), name: '127.0.0.1:5000/library/native' }]
          : models,
    registry: ['fast', 'native', 'mid', 'eos'].map((model) => ({
      model: spec(model),
      ...(fault ? { fault } : {}),
    })),
    tokensPerSecond: 1e6,
    prefillTokensPerSecond: 1e6,
    loadMs: 0,
    vramGib: 0,
    maxLoadedModels: 16,
    network: false,
    label: false,
    plainVersion: true,
    pullBytesPerSecond: 200e6,
  });
}

function spec(name: string): SimModelSpec {
  const found = models.find((model) => model.name === name);
  return { ...(found ?? { name }), blob: sha256(name) };
}

/** In these groups each exchange follows from the one before; elsewhere a prepared exchange gets a new server. */
const chained = new Set(['ps-and-load']);

it.concurrent.each(groups)(
  'answers %s as recorded, but for the listed exceptions',
  async (group) => {
    let sim = await start(group, '');
    const restart = async (exchange: string): Promise<void> => {
      await sim.close();
      sim = await start(group, exchange);
    };
    for (const transcript of readGroup(group, process.env['DROVER_GOLDEN'])) {
      const name = `${group}/${transcript.name}`;
      const needsNewServer = prepare[name] !== undefined && !chained.has(group);
      if (group === 'pull' || isUnanswered(transcript) || needsNewServer) await restart(transcript.name);
      await prepare[name]?.(sim);
      agreement.add(name, differences(transcript.response, await replay(transcript, sim.port)));
      if (isUnanswered(transcript)) await restart('');
    }
    await sim.close();
    expect(agreement.disagreements(group)).toEqual([]);
  },
  60_000,
);

afterAll(() => {
  process.stdout.write(agreement.report('golden'));
  expect(agreement.percent).toBeGreaterThanOrEqual(leastPercent);
});
