import { describe, expect, it } from 'vitest';
import { defaults, resolveConfig } from './config.ts';

describe('resolveConfig', () => {
  it('gives the frozen defaults, also for a field that is undefined', () => {
    const config = resolveConfig({ maxRuns: undefined as unknown as number });
    expect(config).toEqual(defaults);
    expect(Object.isFrozen(config)).toBe(true);
  });

  it.each([
    [{ maxRun: 1 }, 'maxRun'],
    [{ constructor: 1 }, 'constructor'],
    [{ maxAgents: 0 }, 'maxAgents'],
    [{ tickMs: 1.5 }, 'tickMs'],
    [{ maxOutputChars: 1_000_000 }, 'maxOutputChars'],
    [{ askTimeoutMs: 10_000 }, 'askTimeoutMs'],
    [{ surveyMs: 100 }, 'tickMs'],
    [{ silenceMs: 500 }, 'probeMs'],
    [{ taskTimeoutMs: 4_000_000 }, 'taskTimeoutMs'],
  ])('refuses %j and names the field', (partial, field) => {
    expect(() => resolveConfig(partial as object)).toThrowError(expect.objectContaining({ argument: field }));
  });
});
