import { describe, expect, it } from 'vitest';
import { FenceGate } from './fence-gate.ts';

describe('FenceGate', () => {
  it('obeys nobody before the lead record was read', () => {
    expect(new FenceGate().admit(9)).toBe(false);
  });

  it('refuses a fence below the one in the record, and below the highest it has obeyed', () => {
    const gate = new FenceGate();
    gate.open(5);
    expect([gate.admit(4), gate.admit(5), gate.admit(8), gate.admit(7), gate.admit(8)]).toEqual([
      false,
      true,
      true,
      false,
      true,
    ]);
  });

  it('forgets nothing when the record is read again and an older one is seen', () => {
    const gate = new FenceGate();
    gate.open(8);
    gate.open(5);
    expect(gate.admit(7)).toBe(false);
  });
});
