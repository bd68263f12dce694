import {
  Agreement,
  bodyOf,
  differences,
  isUnanswered,
  readGroup,
  recordedModels,
  replay,
  type Transcript,
} from '@drover/ollama-sim/testing';
import { it, afterAll, describe, expect } from 'vitest';
import { startStack, type Stack } from '../testing/stack.ts';
import { until } from '../testing/until.ts';
import { exceptions } from './exceptions.ts';

const groups = ['chat', 'embed', 'generate', 'ps-and-load', 'service', 'show', 'v1-chat', 'v1-models'];
const leastPercent = 95;

/** Models that were loaded when an exchange was recorded. */
const loadedBefore: Readonly<Record<string, readonly string[]>> = {
  'service/get-api-ps': ['tools', 'think', 'insert', 'eos', 'native'],
  'embed/ps-with-embed': ['fast', 'native', 'embed', 'mid', 'eos', 'think'],
};

/** Headers that Drover adds to an answer. */
const addedHeaders =
  /^(?:x-drover-.*|x-request-id|cache-control|etag|x-accel-buffering|retry-after(?:-ms)?)$/;

const agreement = new Agreement(exceptions);

describe.each(groups)('%s', (group) => {
  it('answers through the fleet as recorded, except for the listed exceptions', {
    timeout: 60_000,
  }, async () => {
    const stack = await startStack({
      slots: 4,
      agent: { probeAfterJobMs: 1, probeIntervalMs: 200, probeTimeoutMs: 200 },
      sims: [
        {
          models: recordedModels(),
          tokensPerSecond: 1e6,
          prefillTokensPerSecond: 1e6,
          vramGib: 0,
          maxLoadedModels: 16,
          slots: 4,
          plainVersion: true,
        },
      ],
    });
    for (const transcript of readGroup(group)) await check(stack, `${group}/${transcript.name}`, transcript);
    await stack.end();
    expect(agreement.disagreements(group)).toEqual([]);
  });
});

async function check(stack: Stack, name: string, transcript: Transcript): Promise<void> {
  if (isUnanswered(transcript)) {
    agreement.addException(name, 'the recorded server sent no answer, so there is nothing to compare with');
    return;
  }
  await prepare(stack, name, transcript);
  const answered = await replay(transcript, stack.gateway.port);
  agreement.add(name, differences(transcript.response, answered, { addedHeaders, comparison: 'content' }));
}

/** Loads what the recorded Ollama had loaded. Before a listing, waits until the load reports show it. */
async function prepare({ gateway }: Stack, name: string, transcript: Transcript): Promise<void> {
  for (const model of loadedBefore[name] ?? []) {
    const route = model === 'embed' ? 'embed' : 'generate';
    await (
      await fetch(`${gateway.url}/api/${route}`, { method: 'POST', body: JSON.stringify({ model }) })
    ).text();
  }
  if (!transcript.request.line.startsWith('GET /api/ps ')) return;
  const models = (JSON.parse(bodyOf(transcript.response)) as { models: unknown[] }).models.length;
  const listed = async (): Promise<number> =>
    ((await (await fetch(`${gateway.url}/api/ps`)).json()) as { models: unknown[] }).models.length;
  await until(async () => (await listed()) > 0 === models > 0, `${name}: ${models} models in /api/ps`);
}

afterAll(() => {
  process.stdout.write(agreement.report('golden through drover'));
  expect(agreement.percent).toBeGreaterThanOrEqual(leastPercent);
});
