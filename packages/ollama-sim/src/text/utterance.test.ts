import { it, expect } from 'vitest';
import { defineModel } from '../model/model.ts';
import { type UtteranceRequest, utter } from './utterance.ts';

const PROMPT = '<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n';

function request(more: Partial<UtteranceRequest> = {}): UtteranceRequest {
  return {
    model: defineModel({ name: 'sim-think', capabilities: ['completion', 'tools', 'thinking'] }),
    seed: null,
    textBefore: PROMPT,
    format: { kind: 'text' },
    tools: [],
    lastIsToolResult: false,
    thinks: false,
    separatesThinking: true,
    ...more,
  };
}

function speak(asked: UtteranceRequest): string[] {
  const source = utter(asked);
  const said: string[] = [];
  for (let token = source.next(); token !== null; token = source.next()) said.push(token.text);
  return said;
}

it('at temperature 0 a text continued from any of its prefixes is the same, with its end', () => {
  const whole = speak(request());
  expect(whole.length).toBeGreaterThanOrEqual(24);
  for (let cut = 1; cut < whole.length; cut += 5) {
    const rest = speak(request({ textBefore: PROMPT + whole.slice(0, cut).join('') }));
    expect(whole.slice(0, cut).concat(rest)).toEqual(whole);
  }
});

it('a seed repeats a text, and another seed changes it', () => {
  expect(speak(request({ seed: 7 }))).toEqual(speak(request({ seed: 7 })));
  expect(speak(request({ seed: 8 }))).not.toEqual(speak(request({ seed: 7 })));
});

it('thinks before it answers, and closes the thinking with a tag that is counted', () => {
  const source = utter(request({ thinks: true }));
  const channels = Array.from({ length: 18 }, () => source.next()?.channel);
  expect(channels.slice(0, 16)).toEqual(Array(16).fill('thinking'));
  expect(channels.slice(16)).toEqual(['control', 'content']);
});

it('calls the first tool with arguments that its schema allows, until it has the result', () => {
  const parameters = { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer' } } };
  const asked = request({ tools: [{ name: 'weather', parameters }] });
  const source = utter(asked);
  expect(source.toolCall).toEqual({
    name: 'weather',
    arguments: { city: expect.any(String), days: expect.any(Number) },
  });
  expect(source.callError).toBeNull();
  expect(utter({ ...asked, lastIsToolResult: true }).toolCall).toBeNull();
});

it('writes JSON that fits the schema', () => {
  const schema = { type: 'object', properties: { ok: { type: 'boolean' }, kind: { enum: ['a', 'b'] } } };
  const value: unknown = JSON.parse(speak(request({ format: { kind: 'schema', schema } })).join(''));
  expect(value).toEqual({ ok: expect.any(Boolean), kind: expect.stringMatching(/^[ab]$/) });
});
