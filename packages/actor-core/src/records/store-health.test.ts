import { silentLogger } from '../logger.ts';
import { StoreUnavailableError } from '../errors.ts';
import { expect, it } from 'vitest';
import { StoreHealth } from './store-health.ts';

function setup() {
  const lines: string[] = [];
  const log = {
    ...silentLogger,
    warn: (_: object, message: string) => void lines.push(`warn ${message}`),
    error: (_: object, message: string) => void lines.push(`error ${message}`),
  };
  return { health: new StoreHealth(log, 'things'), lines };
}

it('tells trouble that needs an operator apart from trouble that may pass', () => {
  const { health, lines } = setup();
  health.noteFailure(new StoreUnavailableError('s'), 'cannot write');
  expect(health.trouble?.code).toBe('store-unavailable');
  expect(health.lastingTrouble).toBeUndefined();
  health.noteFailure(new StoreUnavailableError('s', { trouble: 'store-full' }), 'cannot write');
  expect(health.lastingTrouble?.code).toBe('store-full');
  expect(lines).toEqual([
    'warn things: cannot write',
    expect.stringMatching(/^error things: cannot write \(.+\)$/),
  ]);
});

it('has no trouble after a success, or after a failure that is not of the store', () => {
  const { health } = setup();
  health.noteFailure(new StoreUnavailableError('s', { trouble: 'store-full' }), 'cannot write');
  health.noteSuccess();
  expect(health.trouble).toBeUndefined();
  health.noteFailure(new Error('other'), 'cannot write');
  expect(health.trouble).toBeUndefined();
});
