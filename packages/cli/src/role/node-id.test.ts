import { expect, it } from 'vitest';
import { nodeIdFor } from './node-id.ts';

it('makes an id from the name of the machine that is valid in NATS subjects', () => {
  expect(nodeIdFor('agent', undefined, 'GPU.7 (lab)')).toBe('agent-gpu-7-lab-');
});

it('uses a stated id unchanged, and refuses one that is no subject token', () => {
  expect(nodeIdFor('agent', 'agent-1', 'x')).toBe('agent-1');
  expect(() => nodeIdFor('agent', 'a.b', 'x')).toThrow(
    expect.objectContaining({ exitCode: 2, message: expect.stringContaining('--id') as string }) as Error,
  );
});
