import { advance, createTestHub, createTestNode } from '@drover/actor-core/testing';
import { describe, expect, it } from 'vitest';
import type { FleetError } from '../../errors.ts';
import { type ScriptedStream, scriptInstance } from '../../testing/scripted-instance.ts';
import { createFleetClient } from '../create-fleet-client.ts';
import type { FleetCall, FleetRequest } from '../fleet-client.ts';

const head = { model: 'm', created_at: 't' };
const token = (content: string) => ({ ...head, message: { role: 'assistant', content }, done: false });
const rawToken = (response: string) => ({ ...head, response, done: false });
const rawEnd = {
  ...head,
  response: '',
  done: true,
  done_reason: 'stop',
  prompt_eval_count: 9,
  eval_count: 3,
};
const body = { model: 'm', messages: [{ role: 'user', content: 'go' }], options: { num_predict: 9 } };

function say(stream: ScriptedStream, lines: readonly object[]): void {
  stream.feed({ kind: 'head', status: 200, contentType: 'application/x-ndjson' });
  stream.feed({ kind: 'lines', lines: lines.map((line) => JSON.stringify(line)) });
}

/** Breaks each stream after two tokens. */
function breakOff(stream: ScriptedStream): void {
  say(stream, [token('one'), token(' two')]);
  stream.feed({ kind: 'fail', code: 'upstream-lost', message: 'connection reset' });
}

/** Renders and goes on, as Ollama does. */
function goOn(stream: ScriptedStream): void {
  const fields = JSON.parse(Buffer.from(stream.body).toString()) as Record<string, unknown>;
  const rendered = { ...head, _debug_info: { rendered_template: '<s>go' } };
  say(stream, fields['_debug_render_only'] === true ? [rendered] : [rawToken(' three'), rawEnd]);
  stream.feed({ kind: 'end' });
}

async function setup(second: (stream: ScriptedStream) => void, digest = 'd') {
  const hub = createTestHub();
  const node = createTestNode(hub, { nodeId: 'gw', roles: ['gateway'] });
  const client = createFleetClient(node);
  const hosts = [breakOff, second].map((onOpen, index) => {
    const host = createTestNode(hub, { nodeId: `host-${index + 1}`, roles: ['node-agent'] });
    const models = [{ name: 'm:latest', loaded: index === 0, digest: index === 0 ? 'd' : digest }];
    return scriptInstance(host, { onOpen, models });
  });
  await advance(hub.clock, 100, 10);
  const run = async (request: Partial<FleetRequest> = {}) => {
    const call = client.run(
      { requestId: 'r1', route: 'chat', model: 'm', body: Buffer.from(JSON.stringify(body)), ...request },
      new AbortController().signal,
    );
    const answer = read(call);
    await advance(hub.clock, 1_000, 10);
    return { call, ...(await answer) };
  };
  return { client, hosts, run };
}

async function read(call: FleetCall): Promise<{ lines: unknown[]; error: FleetError | undefined }> {
  const lines: unknown[] = [];
  try {
    for await (const batch of call.lines) lines.push(...batch.map((line) => JSON.parse(line) as unknown));
  } catch (error) {
    return { lines, error: error as FleetError };
  }
  return { lines, error: undefined };
}

describe('a stream whose host is lost', () => {
  it('goes on at another host, as one answer', async () => {
    const { client, hosts, run } = await setup(goOn);
    const { call, lines, error } = await run();
    expect(error).toBeUndefined();
    expect(lines).toEqual([
      token('one'),
      token(' two'),
      token(' three'),
      expect.objectContaining({ message: { role: 'assistant', content: '' }, done: true, eval_count: 5 }),
    ]);
    expect(call.continuedBy).toEqual(['host-2']);
    const asked = hosts[1]?.streams.map(
      (stream) => JSON.parse(Buffer.from(stream.body).toString()) as object,
    );
    expect(asked?.[1]).toMatchObject({ raw: true, prompt: '<s>goone two', options: { num_predict: 7 } });
    expect(client.why('r1')).toMatchObject({
      outcome: 'served',
      attempts: [{ node: 'host-1' }, { node: 'host-2' }, { node: 'host-2' }],
    });
  });

  it.each([
    ['the caller does not want it', { mayContinue: false }],
    ['it would not be sound', { body: Buffer.from(JSON.stringify({ ...body, tools: [{}] })) }],
  ])('ends with the error if %s', async (_, request) => {
    const { hosts, run } = await setup(goOn);
    const { lines, error } = await run(request);
    expect([lines.length, error?.code]).toEqual([2, 'host-lost']);
    expect(hosts[1]?.streams).toEqual([]);
  });

  it('ends with the error if no other host has the same weights', async () => {
    const { run } = await setup(goOn, 'other');
    expect((await run()).error).toMatchObject({
      code: 'host-lost',
      message: expect.stringContaining('reset'),
    });
  });

  it('ends with the error if the other host does not render prompts', async () => {
    const { run } = await setup((stream) => {
      say(stream, [{ ...head, message: { role: 'assistant', content: 'x' }, done: true }]);
      stream.feed({ kind: 'end' });
    });
    expect((await run()).error?.code).toBe('host-lost');
  });

  it('goes on more than once, but not for ever', async () => {
    const { hosts, run } = await setup((stream) => {
      const isRender = Buffer.from(stream.body).includes('_debug_render_only');
      if (isRender) return goOn(stream);
      say(stream, [rawToken(' more')]);
      stream.feed({ kind: 'fail', code: 'upstream-lost', message: 'gone too' });
    });
    const { call, lines, error } = await run();
    expect(error?.code).toBe('host-lost');
    expect(lines.length).toBeGreaterThan(2);
    expect(call.continuedBy.length).toBeLessThanOrEqual(3);
    expect(hosts[1]?.streams.length).toBeLessThanOrEqual(4);
  });
});
