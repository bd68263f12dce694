import { describe, expect, it } from 'vitest';
import { type FleetModel, resolveModel } from './resolve-model.ts';

const model = (name: string, loaded = false, chats = true): FleetModel => ({ name, loaded, chats });

describe('resolveModel', () => {
  const offered = [
    model('b:latest'),
    model('a:7b'),
    model('embed:latest', true, false),
    model('sim-count:latest', true),
  ];

  it('takes what the request names, known or not', () => {
    expect(resolveModel('mine', 'b', offered)).toBe('mine');
  });

  it('takes the entry’s model if the fleet has it, its tag implied', () => {
    expect(resolveModel(undefined, 'b', offered)).toBe('b');
  });

  it('falls back to the first model that chats, by name, where the fleet lacks the entry’s', () => {
    expect(resolveModel(undefined, 'gone', offered)).toBe('a:7b');
  });

  it('prefers a loaded model, never one that only embeds, and the counter last', () => {
    expect(resolveModel(undefined, undefined, [...offered, model('z:latest', true)])).toBe('z:latest');
    expect(
      resolveModel(undefined, undefined, [model('sim-count:latest', true), model('sim-chat:latest')]),
    ).toBe('sim-chat:latest');
    expect(resolveModel(undefined, undefined, [model('sim-count:latest')])).toBe('sim-count:latest');
  });

  it('decides nothing while the fleet offers nothing', () => {
    expect(resolveModel(undefined, 'b', [])).toBeUndefined();
    expect(resolveModel('', undefined, [model('embed', true, false)])).toBeUndefined();
  });
});
