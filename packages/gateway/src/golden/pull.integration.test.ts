import { createHash } from 'node:crypto';
import type { OllamaSimOptions, SimModelSpec } from '@drover/ollama-sim';
import {
  Agreement,
  differences,
  isUnanswered,
  readGroup,
  recordedModels,
  replay,
  type Transcript,
} from '@drover/ollama-sim/testing';
import { afterAll, expect, it } from 'vitest';
import { startStack } from '../testing/stack.ts';
import { exceptions } from './exceptions.ts';

const group = 'pull';
const models = recordedModels();
const agreement = new Agreement(exceptions);
const addedHeaders = /^(?:x-drover-.*|cache-control|x-accel-buffering|retry-after)$/;

/** Faults of the recorded model registry, by exchange. */
const registryFaults: Readonly<Record<string, 'blob-missing' | 'digest-mismatch' | 'no-redirect'>> = {
  'blob-404': 'blob-missing',
  'digest-mismatch': 'digest-mismatch',
  'registry-without-redirect': 'no-redirect',
};

function spec(name: string): SimModelSpec {
  const found = models.find((model) => model.name === name);
  return { ...(found ?? { name }), blob: createHash('sha256').update(name).digest('hex') };
}

function hostFor(name: string): OllamaSimOptions {
  const fault = registryFaults[name];
  return {
    models: name.startsWith('again') ? [{ ...spec('native'), name: '127.0.0.1:5000/library/native' }] : [],
    registry: ['fast', 'native', 'mid', 'eos'].map((model) => ({
      model: spec(model),
      ...(fault && { fault }),
    })),
    vramGib: 0,
    network: false,
    plainVersion: true,
    pullBytesPerSecond: 40e6,
  };
}

const pulls: readonly Transcript[] = readGroup(group).filter(
  (transcript) => !isUnanswered(transcript) && transcript.request.line.includes('/api/pull'),
);

it.each(pulls.map((transcript) => [transcript.name, transcript] as const))(
  'pulls as recorded: %s',
  async (name, transcript) => {
    const stack = await startStack({ sims: [hostFor(name)] });
    const answered = await replay(transcript, stack.gateway.port);
    await stack.end();
    agreement.add(
      `${group}/${name}`,
      differences(transcript.response, answered, { addedHeaders, comparison: 'content' }),
    );
  },
);

afterAll(() => {
  process.stdout.write(agreement.report('golden pulls through drover'));
  expect(agreement.disagreements(group)).toEqual([]);
});
