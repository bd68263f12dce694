import { describe, expect, it } from 'vitest';
import { FenceGate } from './fence-gate.ts';

describe('FenceGate', () => {
  it('obeys no node before the lead record was read', () => {
    expect(new FenceGate().judge('host-1', 9)).toBe('read');
  });

  it('obeys only the node that the record names, with the fence of the record', () => {
    const gate = new FenceGate();
    gate.update({ node: 'host-1', fence: 5 }, 0);
    expect(gate.judge('host-1', 5)).toBe('obey');
    expect(gate.judge('agent-1', 5)).toBe('refuse');
    expect(gate.judge('host-1', 4)).toBe('refuse');
  });

  it('demands a new read for an order with a higher fence instead of trusting the order', () => {
    const gate = new FenceGate();
    gate.update({ node: 'host-1', fence: 5 }, 0);
    expect(gate.judge('agent-1', Number.MAX_SAFE_INTEGER)).toBe('read');
    gate.update({ node: 'host-1', fence: 5 }, 0);
    expect(gate.judge('host-1', 5)).toBe('obey');
  });

  it('keeps the newest record when an older one is read', () => {
    const gate = new FenceGate();
    gate.update({ node: 'host-2', fence: 8 }, 0);
    gate.update({ node: 'host-1', fence: 5 }, 0);
    gate.update(undefined, 0);
    expect(gate.judge('host-1', 5)).toBe('refuse');
    expect(gate.judge('host-2', 8)).toBe('obey');
  });

  it('believes an older record, or none, at the fourth read in a row and after 5 s: the log lost the newer one', () => {
    const gate = new FenceGate();
    const older = { node: 'host-1', fence: 5 };
    gate.update({ node: 'host-2', fence: 8 }, 0);
    for (const nowMs of [0, 2_000, 4_000]) gate.update(older, nowMs);
    gate.update({ node: 'host-2', fence: 8 }, 5_000);
    for (const nowMs of [6_000, 8_000, 10_000, 10_999]) gate.update(older, nowMs);
    expect(gate.lead?.fence).toBe(8);
    gate.update(older, 11_000);
    expect(gate.judge('host-1', 5)).toBe('obey');
    for (const nowMs of [12_000, 14_000, 16_000, 18_000]) gate.update(undefined, nowMs);
    expect(gate.lead).toBeUndefined();
  });
});
