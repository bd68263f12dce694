import { describe, expect, it } from 'vitest';
import { checkRequest } from './request-check.ts';

const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

describe('checkRequest', () => {
  it.each(['chat', 'generate'] as const)(
    'rejects num_predict 0 on %s, which Ollama answers without end',
    (route) => {
      const { rejection } = checkRequest(route, bytes({ model: 'm', options: { num_predict: 0 } }));
      expect(rejection).toContain('num_predict');
    },
  );

  it('finds it under any case of the field name, like Ollama', () => {
    expect(checkRequest('chat', bytes('{"OPTIONS":{"num_predict":0.0}}')).rejection).toBeDefined();
  });

  it.each([
    ['another limit', { options: { num_predict: -1 } }],
    ['the word in a prompt', { prompt: 'set "num_predict": 0' }],
    ['a wrong type, which Ollama itself refuses', { options: { num_predict: '0' } }],
    ['null', { options: null, x: 'num_predict' }],
    ['broken JSON, which Ollama itself refuses', '{"options":{"num_predict":0}'],
  ])('passes %s on', (_what, body) => {
    expect(checkRequest('chat', bytes(body)).rejection).toBeUndefined();
  });

  it('lets an embedding have any options', () => {
    expect(checkRequest('embed', bytes({ options: { num_predict: 0 } })).rejection).toBeUndefined();
  });

  it('detects a keep_alive', () => {
    expect(checkRequest('generate', bytes({ keep_alive: 0 })).setsKeepAlive).toBe(true);
    expect(checkRequest('generate', bytes({})).setsKeepAlive).toBe(false);
  });
});
