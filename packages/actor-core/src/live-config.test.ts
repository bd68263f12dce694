import { expect, it } from 'vitest';
import { InvalidArgumentError } from './errors.ts';
import { createLiveConfig } from './live-config.ts';

interface Config {
  readonly limit: number;
  readonly port: number;
}

function resolve({ limit = 3, port = 80 }: Partial<Config>): Config {
  if (limit < 1) throw new InvalidArgumentError('limit', 'must be at least 1');
  return Object.freeze({ limit, port });
}

it('shows a change to everything that holds the configuration', () => {
  const live = createLiveConfig(resolve, { port: 90 }, ['limit']);
  const held = live.current;
  live.apply({ limit: 7 });
  expect({ ...held }).toEqual({ limit: 7, port: 90 });
});

it('returns to the value at the start when a change is withdrawn', () => {
  const live = createLiveConfig(resolve, { limit: 5 }, ['limit']);
  live.apply({ limit: 7 });
  live.apply({});
  expect(live.current.limit).toBe(5);
});

it('refuses a field that is not live, and a value that does not fit, and changes nothing', () => {
  const live = createLiveConfig(resolve, {}, ['limit']);
  expect(() => live.apply({ limit: 9, port: 81 })).toThrow(expect.objectContaining({ argument: 'port' }));
  expect(() => live.apply({ limit: 0 })).toThrow(expect.objectContaining({ argument: 'limit' }));
  expect({ ...live.current }).toEqual({ limit: 3, port: 80 });
});

it('does not let a user write to the configuration', () => {
  const live = createLiveConfig(resolve, {}, ['limit']);
  expect(() => ((live.current as { limit: number }).limit = 4)).toThrow(TypeError);
});
