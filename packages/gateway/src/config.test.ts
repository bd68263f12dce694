import { expect, test } from 'vitest';
import { type GatewayConfig, resolveConfig } from './config.ts';

test('fills in the defaults and freezes the result', () => {
  const config = resolveConfig({ port: 0 });
  expect(config).toMatchObject({ host: '127.0.0.1', port: 0, maxBodyBytes: 67_108_864 });
  expect(Object.isFrozen(config)).toBe(true);
});

test.each([
  [{ nosuch: 1 }, 'nosuch is not a setting'],
  [{ port: 70_000 }, 'port must be 0 to 65535'],
  [{ maxBodyBytes: 0 }, 'maxBodyBytes must be a whole number'],
  [{ drainTimeoutMs: -1 }, 'drainTimeoutMs must be 0 or more'],
  [{ headersTimeoutMs: 9, bodyTimeoutMs: 8 }, 'headersTimeoutMs must not be above bodyTimeoutMs'],
  [{ maxConnections: 10, maxConcurrentRequests: 20 }, 'maxConnections must not be below'],
  [{ maxHeldBytes: 10 }, 'maxHeldBytes must not be below maxBodyBytes'],
  [{ origins: ['*a*'] }, 'origins may have one *'],
])('refuses %j by the field’s name', (partial, text) => {
  expect(() => resolveConfig(partial as Partial<GatewayConfig>)).toThrow(text);
});
