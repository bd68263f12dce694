import { describe, expect, it } from 'vitest';
import { FenceGate } from './fence-gate.ts';

describe('FenceGate', () => {
  it('obeys no node before the lead record was read', () => {
    expect(new FenceGate().judge('host-1', 9)).toBe('read');
  });

  it('obeys only the node that the record names, with the fence of the record', () => {
    const gate = new FenceGate();
    gate.update({ node: 'host-1', fence: 5 });
    expect(gate.judge('host-1', 5)).toBe('obey');
    expect(gate.judge('agent-1', 5)).toBe('refuse');
    expect(gate.judge('host-1', 4)).toBe('refuse');
  });

  it('demands a new read for an order with a higher fence instead of trusting the order', () => {
    const gate = new FenceGate();
    gate.update({ node: 'host-1', fence: 5 });
    expect(gate.judge('agent-1', Number.MAX_SAFE_INTEGER)).toBe('read');
    gate.update({ node: 'host-1', fence: 5 });
    expect(gate.judge('host-1', 5)).toBe('obey');
  });

  it('keeps the newest record when an older one is read', () => {
    const gate = new FenceGate();
    gate.update({ node: 'host-2', fence: 8 });
    gate.update({ node: 'host-1', fence: 5 });
    gate.update(undefined);
    expect(gate.judge('host-1', 5)).toBe('refuse');
    expect(gate.judge('host-2', 8)).toBe('obey');
  });

  it('believes an older record, or none, at the fourth read in a row: the log lost the newer one', () => {
    const gate = new FenceGate();
    gate.update({ node: 'host-2', fence: 8 });
    for (let read = 1; read <= 3; read++) gate.update({ node: 'host-1', fence: 5 });
    expect(gate.lead?.fence).toBe(8);
    gate.update({ node: 'host-2', fence: 8 });
    for (let read = 1; read <= 4; read++) gate.update({ node: 'host-1', fence: 5 });
    expect(gate.judge('host-1', 5)).toBe('obey');
    for (let read = 1; read <= 4; read++) gate.update(undefined);
    expect(gate.lead).toBeUndefined();
  });
});
