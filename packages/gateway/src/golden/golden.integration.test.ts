import { it, afterAll, describe, expect } from 'vitest';
import { startStack, type Stack } from '../testing/stack.ts';
import { until } from '../testing/until.ts';
import { differences } from './compare.ts';
import { exceptions } from './exceptions.ts';
import { readGroup, recordedModels, type Transcript } from './transcript.ts';
import { replay } from './wire-client.ts';

const groups = ['chat', 'embed', 'generate', 'ps-and-load', 'service', 'show', 'v1-chat', 'v1-models'];
const leastPercent = 95;

/** Models that were loaded when an exchange was recorded. */
const loadedBefore: Readonly<Record<string, readonly string[]>> = {
  'service/get-api-ps': ['tools', 'think', 'insert', 'eos', 'native'],
  'embed/ps-with-embed': ['fast', 'native', 'embed', 'mid', 'eos', 'think'],
};

const agreed: string[] = [];
const disagreed: string[] = [];
const excepted: string[] = [];

describe.each(groups)('%s', (group) => {
  it('answers through the fleet as recorded, but for the listed exceptions', {
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
    expect(disagreed.filter((line) => line.startsWith(`${group}/`))).toEqual([]);
  });
});

async function check(stack: Stack, name: string, transcript: Transcript): Promise<void> {
  if (transcript.response.status === 0 || Number.isNaN(transcript.response.status)) {
    excepted.push(`${name}: recorded as an answer that never came, so there is nothing to agree with`);
    return;
  }
  await prepare(stack, name, transcript);
  const found = differences(transcript.response, await replay(transcript, stack.gateway.port));
  if (found.length === 0) agreed.push(name);
  else if (Object.hasOwn(exceptions, name)) excepted.push(`${name}: ${exceptions[name]}`);
  else disagreed.push(`${name}: ${found.join('; ')}`);
}

/** Brings about what the recorded Ollama had loaded; a listing is asked until the fleet's evidence has caught up. */
async function prepare({ gateway }: Stack, name: string, transcript: Transcript): Promise<void> {
  for (const model of loadedBefore[name] ?? []) {
    const route = model === 'embed' ? 'embed' : 'generate';
    await (
      await fetch(`${gateway.url}/api/${route}`, { method: 'POST', body: JSON.stringify({ model }) })
    ).text();
  }
  if (!transcript.request.line.startsWith('GET /api/ps ')) return;
  const models = (JSON.parse(transcript.response.body) as { models: unknown[] }).models.length;
  const listed = async (): Promise<number> =>
    ((await (await fetch(`${gateway.url}/api/ps`)).json()) as { models: unknown[] }).models.length;
  await until(async () => (await listed()) > 0 === models > 0, `${name}: ${models} models in /api/ps`);
}

afterAll(() => {
  const total = agreed.length + disagreed.length + excepted.length;
  const percent = (agreed.length / total) * 100;
  process.stdout.write(
    `golden through drover: ${agreed.length} of ${total} agree (${percent.toFixed(1)} %)\n`,
  );
  for (const line of excepted) process.stdout.write(`golden exception: ${line}\n`);
  expect(percent).toBeGreaterThanOrEqual(leastPercent);
});
