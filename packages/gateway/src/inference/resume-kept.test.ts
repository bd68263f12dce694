import { createTestNode } from '@drover/actor-core/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { type Gateway, startGateway } from '../gateway.ts';
import { noAgents } from '../testing/no-agents.ts';
import { type Stack, startStack } from '../testing/stack.ts';
import { until } from '../testing/until.ts';

/** A gateway ends in mid-stream, and its client goes on with the answer at another one. */

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const numbers = 40;
const options = { num_predict: numbers };
const asked = { model: 'sim-count', messages: [{ role: 'user', content: 'go' }], stream: true };

async function setup(): Promise<{ readonly stack: Stack; readonly other: Gateway }> {
  const stack = await startStack({ sims: [{ models: ['sim-count'], tokensPerSecond: 60 }] });
  ends.push(() => stack.end());
  const node = createTestNode(stack.hub, { nodeId: 'gw-2', roles: ['gateway'] });
  const other = await startGateway(node, { port: 0, agents: noAgents });
  ends.push(async () => {
    await other.stop({ drainTimeoutMs: 0 });
    await node.leave();
  });
  await until(
    async () => (await (await fetch(`${other.url}/api/tags`)).text()).includes('sim-count'),
    'the model',
  );
  await until(() => node.presence.member('gw') !== undefined, 'the first gateway');
  return { stack, other };
}

/** Lines, or the data of events, and the numbers of the events. */
function parse(text: string): { readonly units: readonly string[]; readonly ids: readonly number[] } {
  const lines = text.split('\n');
  const ids = lines.filter((line) => line.startsWith('id: ')).map((line) => Number(line.slice(4)));
  const data = lines.filter((line) => line.startsWith('data: ')).map((line) => line.slice(6));
  return { units: data.length > 0 ? data : lines.filter((line) => line !== ''), ids };
}

/** Whole lines and events of an answer until `enough` of them are there; then the client leaves. */
async function take(response: Response, enough: number): Promise<string> {
  let text = '';
  const reader = (response.body as ReadableStream<Uint8Array>)
    .pipeThrough(new TextDecoderStream())
    .getReader();
  while (parse(whole(text)).units.length < enough) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
  }
  await reader.cancel();
  return whole(text);
}

function whole(text: string): string {
  const separator = text.includes('data: ') ? '\n\n' : '\n';
  return text.slice(0, text.lastIndexOf(separator) + separator.length);
}

/** The first id in a unit. */
function idOf(unit: string | undefined): string | undefined {
  return /"id":"[^"]+"/.exec(unit ?? '')?.[0];
}

const headers = { 'x-drover-request-id': 'count-1', 'x-drover-on-disconnect': 'keep=60s' };
const ask = (url: string, path: string, body: object) =>
  fetch(url + path, { method: 'POST', body: JSON.stringify(body), headers });

async function resume(url: string, from: number): Promise<Response> {
  let found: Response | undefined;
  await until(async () => {
    const tried = await fetch(`${url}/api/v1/streams/count-1?from=${from}`);
    if (tried.status !== 503) found = tried;
    return found !== undefined;
  }, 'an answer');
  return found ?? expect.fail('there is no answer');
}

describe.each<[string, object, (data: string) => string]>([
  ['/api/chat', { ...asked, options }, (data) => JSON.parse(data).message?.content ?? ''],
  [
    '/v1/chat/completions',
    { ...asked, max_tokens: numbers },
    (data) => (data === '[DONE]' ? '' : (JSON.parse(data).choices[0]?.delta.content ?? '')),
  ],
  [
    '/v1/responses',
    { model: 'sim-count', input: 'go', max_output_tokens: numbers, stream: true },
    (data) => (JSON.parse(data).type === 'response.output_text.delta' ? JSON.parse(data).delta : ''),
  ],
  ['/v1/messages', { ...asked, max_tokens: numbers }, (data) => JSON.parse(data).delta?.text ?? ''],
])('an answer of %s', (path, body, textOf) => {
  it('goes on at another gateway, each number once, with the same ids', { timeout: 90_000 }, async () => {
    const { stack, other } = await setup();
    const first = await ask(stack.gateway.url, path, body);
    expect(first.status).toBe(200);
    const before = parse(await take(first, 12));
    stack.node.crash();
    const after = parse(await (await resume(other.url, before.units.length)).text());
    const units = [...before.units, ...after.units];
    const counted = units
      .map((unit) => textOf(unit))
      .join('')
      .trim()
      .split(/\s+/)
      .map(Number);
    expect(counted).toEqual(Array.from({ length: numbers }, (_, index) => index + 1));
    const ids = [...before.ids, ...after.ids];
    expect(ids).toEqual(ids.map((_, index) => index + 1));
    // The whole answer can be read again: as the client got it, but for times.
    const again = parse(await (await resume(other.url, 0)).text());
    expect(again.units.slice(before.units.length)).toEqual(after.units);
    expect(again.units.map((unit) => textOf(unit))).toEqual(units.map((unit) => textOf(unit)));
    expect(idOf(again.units[1])).toBe(idOf(before.units[1]));
  });
});

it('has an id that is in use at one gateway only', { timeout: 60_000 }, async () => {
  const { stack, other } = await setup();
  const first = await ask(stack.gateway.url, '/api/chat', { ...asked, options });
  await take(first, 1);
  const second = await ask(other.url, '/api/chat', { ...asked, options });
  expect(second.status).toBe(409);
});

it('is 404 where the host has ended too', { timeout: 60_000 }, async () => {
  const { stack, other } = await setup();
  const first = await ask(stack.gateway.url, '/api/chat', { ...asked, options: { num_predict: 500 } });
  const before = parse(await take(first, 3));
  stack.node.crash();
  for (const agent of stack.agents) await agent.stop();
  expect((await resume(other.url, before.units.length)).status).toBe(404);
});
