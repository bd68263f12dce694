import type { InferenceRoute } from '@drover/fleet';
import { describe, expect, it } from 'vitest';
import { mayBeAnswering, readShape } from './request-shape.ts';

const shape = (route: InferenceRoute, body: unknown) =>
  readShape(route, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));
const tool = { type: 'function', function: { name: 'f', parameters: {} } };

describe('readShape', () => {
  it.each([
    ['chat', { stream: false }, 'the answer comes in one piece'],
    ['chat', { tools: [tool] }, 'tools are offered'],
    ['chat', '{"tools" : [\n  {"type":"function"}]}', 'tools are offered'],
    ['generate', { format: 'json' }, 'the answer has a format'],
    ['generate', { format: { type: 'object' } }, 'the answer has a format'],
    ['chat', { tools: [], format: '', stream: true }, undefined],
    ['chat', { tools: null, format: null }, undefined],
    ['chat', { messages: [{ content: 'say "stream": false and "tools": [1]' }] }, undefined],
    ['embed', { stream: false, input: 'x' }, undefined],
  ] as const)('finds the reason why %s %j holds back its answer', (route, body, why) => {
    expect(shape(route, body).heldBecause).toBe(why);
  });

  it.each([
    [{ think: true }, 'on'],
    [{ think: 'high' }, 'on'],
    [{ think: false }, 'off'],
    [{}, 'unset'],
  ] as const)('reads whether %j thinks', (body, think) => {
    expect(shape('chat', body).think).toBe(think);
  });

  it('reads the limit of the answer, images and the size', () => {
    expect(shape('chat', { options: { num_predict: 300 }, images: ['aGk='] })).toMatchObject({
      maxTokens: 300,
      hasImages: true,
      generates: true,
      bytes: 49,
    });
    expect(shape('chat', { options: { num_predict: -1 } }).maxTokens).toBeUndefined();
    expect(shape('embed', { input: 'x' })).toMatchObject({ generates: false, think: 'off' });
  });
});

it('considers an answer without a byte possible only when the answer is held back', () => {
  expect(mayBeAnswering(shape('chat', { stream: false }))).toBe(true);
  expect(mayBeAnswering(shape('chat', { think: true }))).toBe(true);
  expect(mayBeAnswering(shape('chat', {}))).toBe(false);
  expect(mayBeAnswering(shape('embed', { input: 'x' }))).toBe(false);
});
