import { expect, it } from 'vitest';
import { withDefaultKeepAlive } from './default-keep-alive.ts';

function given(body: string, keepAlive: string): string {
  return Buffer.from(withDefaultKeepAlive('chat', Buffer.from(body), keepAlive)).toString();
}

it.each([
  ['10m', '{"keep_alive":"10m","model":"m"}'],
  ['-1', '{"keep_alive":-1,"model":"m"}'],
  ['0', '{"keep_alive":0,"model":"m"}'],
  ['-5m', '{"keep_alive":"-5m","model":"m"}'],
  ['', '{"model":"m"}'],
])('puts the default keep-alive %j first and keeps every other byte', (keepAlive, body) => {
  expect(given('{"model":"m"}', keepAlive)).toBe(body);
});

it("keeps the request's own field last, which is the one that Ollama uses", () => {
  expect(given(' {"model":"m","Keep_Alive":"1s"}', '10m')).toBe(
    ' {"keep_alive":"10m","model":"m","Keep_Alive":"1s"}',
  );
  expect(given('{ }', '10m')).toBe('{"keep_alive":"10m" }');
});

it('changes no request of routes without keep_alive', () => {
  const body = Buffer.from('{"model":"m"}');
  expect(withDefaultKeepAlive('show', body, '10m')).toBe(body);
});
