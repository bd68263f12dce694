import { describe, expect, it } from 'vitest';
import { FenceGate } from './fence-gate.ts';

describe('FenceGate', () => {
  it('obeys nobody before the lead record was read', () => {
    expect(new FenceGate().judge('host-1', 9)).toBe('read');
  });

  it('obeys the node that the record names, with its fence, and no other', () => {
    const gate = new FenceGate();
    gate.update({ node: 'host-1', fence: 5 });
    expect(gate.judge('host-1', 5)).toBe('obey');
    expect(gate.judge('agent-1', 5)).toBe('refuse');
    expect(gate.judge('host-1', 4)).toBe('refuse');
  });

  it('reads the record again for an order with a higher fence instead of trusting the order', () => {
    const gate = new FenceGate();
    gate.update({ node: 'host-1', fence: 5 });
    expect(gate.judge('agent-1', Number.MAX_SAFE_INTEGER)).toBe('read');
    gate.update({ node: 'host-1', fence: 5 });
    expect(gate.judge('host-1', 5)).toBe('obey');
  });

  it('forgets nothing when the record is read again and an older one is seen', () => {
    const gate = new FenceGate();
    gate.update({ node: 'host-2', fence: 8 });
    gate.update({ node: 'host-1', fence: 5 });
    gate.update(undefined);
    expect(gate.judge('host-1', 5)).toBe('refuse');
    expect(gate.judge('host-2', 8)).toBe('obey');
  });
});
