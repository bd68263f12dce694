import { expect, it } from 'vitest';
import { type GatewayConfig, resolveConfig } from './config.ts';

it('fills in the defaults and freezes the result', () => {
  const config = resolveConfig({ port: 0 });
  expect(config).toMatchObject({ host: '127.0.0.1', port: 0, maxBodyBytes: 67_108_864 });
  expect(Object.isFrozen(config)).toBe(true);
});

it.each([
  [{ nosuch: 1 }, 'nosuch is not a setting'],
  [{ port: 70_000 }, 'port must be 0 to 65535'],
  [{ maxBodyBytes: 0 }, 'maxBodyBytes must be a whole number'],
  [{ drainTimeoutMs: -1 }, 'drainTimeoutMs must be 0 or more'],
  [{ headersTimeoutMs: 9, bodyTimeoutMs: 8 }, 'headersTimeoutMs must not be above bodyTimeoutMs'],
  [{ maxConnections: 10, maxConcurrentRequests: 20 }, 'maxConnections must not be below'],
  [{ maxHeldBytes: 10 }, 'maxHeldBytes must not be below maxBodyBytes'],
  [{ origins: ['*a*'] }, 'origins may have one *'],
  [{ origins: ['chat.example'] }, 'origins must begin with http://'],
  [{ keepAlive: 'soon' }, 'keepAlive must be a duration'],
])('refuses %j naming the field', (partial, text) => {
  expect(() => resolveConfig(partial as Partial<GatewayConfig>)).toThrow(text);
});

it('raises bounds that are not given to the given bounds that they must not be below', () => {
  const MiB = 1024 * 1024;
  expect(resolveConfig({ maxBodyBytes: 1024 * MiB }).maxHeldBytes).toBe(2048 * MiB);
  expect(resolveConfig({ maxConcurrentRequests: 10_000 }).maxConnections).toBe(20_000);
  expect(resolveConfig({})).toMatchObject({ maxHeldBytes: 512 * MiB, maxConnections: 4_096 });
});

it('reads origins as Ollama does: ignoring case, unless there is a wildcard', () => {
  expect(resolveConfig({ origins: ['https://Chat.Example', 'https://*.Example', '*'] }).origins).toEqual([
    'https://chat.example',
    'https://*.Example',
    '*',
  ]);
});

it('turns a deadline off with 0, also that of the body while the headers have one', () => {
  const off = { requestTimeoutMs: 0, bodyTimeoutMs: 0, readerTimeoutMs: 0, keepAliveTimeoutMs: 0 };
  expect(resolveConfig(off)).toMatchObject({ ...off, headersTimeoutMs: 10_000 });
});
