import { describe, expect, it } from 'vitest';
import {
  continueBody,
  rawPrompt,
  readContinuable,
  renderBody,
  renderedPrompt,
} from './continuation-request.ts';

const read = (fields: object, route: 'chat' | 'generate' | 'embed' = 'chat') =>
  readContinuable({ route, body: Buffer.from(JSON.stringify(fields)) });
const parse = (body: Uint8Array): unknown => JSON.parse(Buffer.from(body).toString());
const message = { role: 'user', content: 'go' };

describe('a request that may be continued', () => {
  it.each([
    ['tools', { tools: [{}] }],
    ['a format', { format: 'json' }],
    ['log probabilities', { logprobs: true }],
    ['thinking', { think: 'high' }],
    ['stop texts', { options: { stop: ['x'] } }],
    ['images', { messages: [{ ...message, images: ['aGk='] }] }],
  ])('is none with %s', (_, fields) => {
    expect(read({ model: 'm', messages: [message], ...fields })).toBeUndefined();
  });

  it('is none of another route, and none that is not an object', () => {
    expect(read({ model: 'm', input: 'a' }, 'embed')).toBeUndefined();
    expect(readContinuable({ route: 'chat', body: Buffer.from('[') })).toBeUndefined();
  });

  it('may state that it wants none of these', () => {
    const off = { tools: [], format: '', logprobs: false, think: false, options: { stop: [] } };
    expect(read({ model: 'm', messages: [message], ...off })).toBeDefined();
  });
});

it('asks for the rendered prompt with all fields of the request', () => {
  const request = read({ model: 'm', messages: [message], options: { seed: 1 } });
  expect(parse(renderBody(request!))).toEqual({
    model: 'm',
    messages: [message],
    options: { seed: 1 },
    stream: false,
    _debug_render_only: true,
  });
  expect(renderedPrompt('{"_debug_info":{"rendered_template":"<s>go"}}')).toBe('<s>go');
  expect(renderedPrompt('{"message":{}}')).toBeUndefined();
  expect(renderedPrompt('x')).toBeUndefined();
});

it('goes on after the text with the tokens that are left', () => {
  const options = { num_predict: 10, temperature: 0 };
  const request = read({ model: 'm', messages: [message], keep_alive: '5m', options });
  expect(parse(continueBody(request!, '<s>go', { text: ' one', tokens: 4 }))).toEqual({
    model: 'm',
    keep_alive: '5m',
    options: { num_predict: 6, temperature: 0 },
    stream: true,
    raw: true,
    prompt: '<s>go one',
  });
  const endless = read({ model: 'm', prompt: 'p', raw: true, options: { num_predict: -1 } }, 'generate');
  expect(parse(continueBody(endless!, 'p', { text: 'q', tokens: 4 }))).toMatchObject({
    options: { num_predict: -1 },
  });
  expect(rawPrompt(endless!)).toBe('p');
  expect(rawPrompt(request!)).toBeUndefined();
});
