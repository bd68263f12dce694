import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it, afterAll, expect } from 'vitest';
import { type SimModelSpec, sha256 } from '../model/model.ts';
import { type OllamaSim, startOllamaSim } from '../sim.ts';
import { differences } from './compare.ts';
import { EXCEPTIONS } from './exceptions.ts';
import { readGroup, type Transcript } from './transcript.ts';
import { replay } from './wire-client.ts';

const HERE = join(import.meta.dirname, '../../golden');
const FOLDER = process.env['DROVER_GOLDEN'] ?? HERE;
const GROUPS = [
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
const LEAST_PERCENT = 95;

const MODELS = JSON.parse(readFileSync(join(HERE, 'models.json'), 'utf8')) as SimModelSpec[];

/** What a recorded exchange found in place: models loaded or not, or how the registry behaved. */
const BEFORE: Readonly<Record<string, (sim: OllamaSim) => Promise<void>>> = {
  'service/get-api-ps': (sim) => load(sim, 'tools', 'think', 'insert', 'eos', 'native'),
  'embed/ps-with-embed': (sim) => load(sim, 'fast', 'native', 'embed', 'mid', 'eos', 'think'),
  'ps-and-load/ps-01-nothing-loaded': (sim) => post(sim, '/api/generate', { model: 'fast', keep_alive: 0 }),
  'pull/tags-after': (sim) =>
    post(sim, '/api/pull', { model: 'http://127.0.0.1:5000/library/mid:latest', stream: false }),
};

/** What the registry of the recording did wrong, by exchange. */
const REGISTRY_FAULTS: Readonly<Record<string, 'blob-missing' | 'digest-mismatch' | 'no-redirect'>> = {
  'blob-404': 'blob-missing',
  'digest-mismatch': 'digest-mismatch',
  'registry-without-redirect': 'no-redirect',
};

const agreed: string[] = [];
const disagreed: string[] = [];
const excepted: string[] = [];

async function post(sim: OllamaSim, path: string, body: object): Promise<void> {
  const response = await fetch(sim.url + path, { method: 'POST', body: JSON.stringify(body) });
  await response.text();
}

async function load(sim: OllamaSim, ...models: readonly string[]): Promise<void> {
  for (const model of models) await post(sim, model === 'embed' ? '/api/embed' : '/api/generate', { model });
}

function start(group: string, name: string): Promise<OllamaSim> {
  const pulls = group === 'pull';
  const fault = REGISTRY_FAULTS[name];
  return startOllamaSim({
    models:
      pulls && !name.startsWith('again')
        ? []
        : pulls
          ? [{ ...spec('native'), name: '127.0.0.1:5000/library/native' }]
          : MODELS,
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
  const found = MODELS.find((model) => model.name === name);
  return { ...(found ?? { name }), blob: sha256(name) };
}

/** Exchanges of these groups follow from one another; the others get a fresh server when they need one. */
const CHAINED = new Set(['ps-and-load']);

it.concurrent.each(GROUPS)(
  'answers %s as recorded, but for the listed exceptions',
  async (group) => {
    const transcripts = readGroup(FOLDER, group);
    let sim = await start(group, '');
    for (const transcript of transcripts) {
      const name = `${group}/${transcript.name}`;
      if (
        group === 'pull' ||
        transcript.response.end === 'TimeoutError' ||
        (BEFORE[name] && !CHAINED.has(group))
      ) {
        await sim.close();
        sim = await start(group, transcript.name);
      }
      await BEFORE[name]?.(sim);
      await check(name, transcript, sim);
      if (transcript.response.end === 'TimeoutError') {
        await sim.close();
        sim = await start(group, '');
      }
    }
    await sim.close();
    expect(disagreed.filter((line) => line.startsWith(`${group}/`))).toEqual([]);
  },
  60_000,
);

async function check(name: string, transcript: Transcript, sim: OllamaSim): Promise<void> {
  const found = differences(transcript.response, await replay(transcript, sim.port));
  if (found.length === 0) agreed.push(name);
  else if (name in EXCEPTIONS) excepted.push(`${name}: ${EXCEPTIONS[name]}`);
  else disagreed.push(`${name}: ${found.join('; ')}`);
}
afterAll(() => {
  const total = agreed.length + disagreed.length + excepted.length;
  const percent = (agreed.length / total) * 100;
  process.stdout.write(`golden: ${agreed.length} of ${total} agree (${percent.toFixed(1)} %)\n`);
  for (const line of excepted) process.stdout.write(`golden exception: ${line}\n`);
  expect(percent).toBeGreaterThanOrEqual(LEAST_PERCENT);
});
