import { describe, expect, it } from 'vitest';
import { decideOrigin } from './origin.ts';

function decide(origin: string, extra: readonly string[], method = 'GET') {
  return decideOrigin({ method, host: '127.0.0.1:11500', origin }, extra);
}

describe('an origin beside those that Ollama allows', () => {
  it.each([
    ['https://chat.example', 'https://chat.example', true],
    ['https://*.example', 'https://chat.example', true],
    ['*.example', 'http://chat.example', true],
    ['https://*', 'https://anything', true],
    ['https://chat.example', 'https://chat.example:8443', false],
    ['https://*.example', 'https://example', false],
    ['https://chat.example', 'http://chat.example', false],
  ])('written as %s allows %s: %s', (pattern, origin, isAllowed) => {
    expect(decide(origin, [pattern]).kind).toBe(isAllowed ? 'allowed' : 'refused');
  });

  it('is repeated in the answer, together with Vary', () => {
    expect(decide('https://a', ['https://a'])).toEqual({
      kind: 'allowed',
      headers: { 'Access-Control-Allow-Origin': 'https://a', Vary: 'Origin' },
    });
  });

  it('can be a single *, and the answer is then the same for every origin, as from Ollama', () => {
    expect(decide('https://a', ['*'])).toEqual({
      kind: 'allowed',
      headers: { 'Access-Control-Allow-Origin': '*' },
    });
    expect(decide('https://a', ['*'], 'OPTIONS')).toMatchObject({
      kind: 'preflight',
      headers: { 'Access-Control-Allow-Origin': '*' },
    });
    expect(decide('https://a', ['*'], 'OPTIONS')).not.toHaveProperty('headers.Vary');
  });
});
