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

  it('takes the requested model, whether the fleet has it or not', () => {
    expect(resolveModel('mine', 'b', offered)).toBe('mine');
  });

  it('takes the model of the definition if the fleet has it, with or without its tag', () => {
    expect(resolveModel(undefined, 'b', offered)).toBe('b');
  });

  it('falls back to the first chat model by name if the fleet lacks the model of the definition', () => {
    expect(resolveModel(undefined, 'gone', offered)).toBe('a:7b');
  });

  it('prefers a loaded chat model, never takes an embedding model, and takes sim-count last', () => {
    expect(resolveModel(undefined, undefined, [...offered, model('z:latest', true)])).toBe('z:latest');
    expect(
      resolveModel(undefined, undefined, [model('sim-count:latest', true), model('sim-chat:latest')]),
    ).toBe('sim-chat:latest');
    expect(resolveModel(undefined, undefined, [model('sim-count:latest')])).toBe('sim-count:latest');
  });

  it('decides nothing while the fleet offers no chat model', () => {
    expect(resolveModel(undefined, 'b', [])).toBeUndefined();
    expect(resolveModel('', undefined, [model('embed', true, false)])).toBeUndefined();
  });
});
