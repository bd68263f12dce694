import { describe, expect, it } from 'vitest';
import { defaults, type NodeAgentOptions, resolveConfig } from './config.ts';

const one = { name: 'gpu-1', url: 'http://127.0.0.1:11434' };

describe('resolveConfig', () => {
  it('fills in the defaults and the bare origin', () => {
    const config = resolveConfig({ instances: [{ ...one, url: 'http://127.0.0.1:11434/' }] });
    expect(config).toMatchObject({ ...defaults, instances: [{ ...one, slots: 1, simulated: false }] });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('keeps user and password out of the shown url and out of its errors', () => {
    const url = 'https://ada:s3cret@proxy.example/gpu/';
    const [instance] = resolveConfig({ instances: [{ ...one, url }] }).instances;
    expect(instance?.url).toBe('https://proxy.example/gpu');
    expect(instance?.address.authorization).toBe(`Basic ${Buffer.from('ada:s3cret').toString('base64')}`);
    for (const instances of [
      [{ ...one, url: `${url}?a=1` }],
      [
        { ...one, url },
        { name: 'b', url },
      ],
    ])
      expect(() => resolveConfig({ instances })).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('s3cret') as string }),
      );
  });

  const mistakes: [string, unknown][] = [
    ['instances', { instances: [] }],
    ['instances[0].url', { instances: [{ ...one, url: 'gpu-1:11434' }] }],
    ['instances[0].url', { instances: [{ ...one, url: 'http://127.0.0.1:11434/?a=1' }] }],
    ['instances[0].url', { instances: [{ ...one, url: 'http://us%er:secret@127.0.0.1:11434' }] }],
    ['instances[0].name', { instances: [{ ...one, name: 'GPU one' }] }],
    ['instances[0].slots', { instances: [{ ...one, slots: 0 }] }],
    ['instances[0].port', { instances: [{ ...one, port: 1 }] }],
    ['instances[1].name', { instances: [one, { ...one, url: 'http://127.0.0.1:1' }] }],
    ['instances[1].url', { instances: [one, { ...one, name: 'gpu-2', url: 'http://127.0.0.1:11434/' }] }],
    ['maxQueue', { instances: [one], maxQueue: -1 }],
    ['silenceLookMs', { instances: [one], silenceLookMs: 0.5 }],
    ['maxHeldBytes', { instances: [one], maxHeldBytes: 1 }],
    ['probeTimeoutMs', { instances: [one], probeTimeoutMs: 9_000 }],
    ['maxQueu', { instances: [one], maxQueu: 1 }],
    ['constructor', { instances: [one], constructor: 1 }],
  ];
  it.each(mistakes)('names the field %s', (field, options) => {
    expect(() => resolveConfig(options as NodeAgentOptions)).toThrow(
      expect.objectContaining({ argument: field }),
    );
  });
});
