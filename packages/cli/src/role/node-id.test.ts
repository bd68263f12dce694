import { expect, it } from 'vitest';
import { nodeIdFor } from './node-id.ts';

it('makes a name of the machine that NATS subjects can carry', () => {
  expect(nodeIdFor('agent', undefined, 'GPU.7 (lab)')).toBe('agent-gpu-7-lab-');
});

it('takes a given name as it is, and refuses one that is no subject token', () => {
  expect(nodeIdFor('agent', 'agent-1', 'x')).toBe('agent-1');
  expect(() => nodeIdFor('agent', 'a.b', 'x')).toThrow(
    expect.objectContaining({ exitCode: 2, message: expect.stringContaining('--id') as string }) as Error,
  );
});
