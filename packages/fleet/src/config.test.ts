import { describe, expect, it } from 'vitest';
import { defaults, resolveConfig } from './config.ts';

describe('the configuration', () => {
  it('is complete and frozen', () => {
    const config = resolveConfig({ windowLines: 64 });
    expect(config).toEqual({ ...defaults, windowLines: 64 });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('names the field that is unknown, out of range or contradicts another', () => {
    const wrong: [object, string][] = [
      [{ windowlines: 1 }, 'windowlines'],
      [{ windowLines: 0 }, 'windowLines'],
      [{ windowLines: 1.5 }, 'windowLines'],
      [{ windowLines: '256' }, 'windowLines'],
      [{ replayBufferLines: 100 }, 'windowLines'],
      [{ beatIntervalMs: 5_000 }, 'beatIntervalMs'],
    ];
    for (const [partial, argument] of wrong) {
      expect(() => resolveConfig(partial)).toThrowError(
        expect.objectContaining({ code: 'invalid-argument', argument }),
      );
    }
  });
});
