import { describe, expect, it } from 'vitest';
import { OrderGate } from './order-gate.ts';

const leader = { node: 'host-1', fence: 5 };

/** A gate that has read the lead record of `leader` at the instant 0. */
function setup(): OrderGate<string> {
  const gate = new OrderGate<string>();
  gate.beginRead();
  gate.endRead(leader, 0);
  return gate;
}

describe('OrderGate', () => {
  it('holds orders before the first read and returns them to be judged again', () => {
    const gate = new OrderGate<string>();
    expect(gate.beginRead()).toBe(true);
    expect(gate.judge('activate', leader, 0)).toBe('read');
    expect(gate.beginRead()).toBe(false);
    expect(gate.endRead(leader, 0)).toEqual(['activate']);
    expect(gate.judge('activate', leader, 0)).toBe('obey');
  });

  it('refuses an order of an older leader', () => {
    expect(setup().judge('stop', { node: 'host-2', fence: 4 }, 0)).toBe('refuse');
  });

  it('does not read again for a while if a read has found no newer leader', () => {
    const gate = setup();
    const forged = { node: 'thief', fence: 99 };
    expect(gate.judge('stop', forged, 0)).toBe('read');
    gate.beginRead();
    expect(gate.endRead(leader, 0)).toEqual(['stop']);
    expect(gate.judge('stop', forged, 499)).toBe('refuse');
    expect(gate.judge('stop', forged, 500)).toBe('read');
  });

  it('reads the record for an order of an older leader at most once a second', () => {
    const gate = setup();
    const older = { node: 'host-2', fence: 4 };
    expect(gate.judge('stop', older, 999)).toBe('refuse');
    expect(gate.judge('stop', older, 1_000)).toBe('read');
    gate.beginRead();
    expect(gate.endRead(leader, 1_000)).toEqual(['stop']);
    expect(gate.judge('stop', older, 1_000)).toBe('refuse');
  });

  it('refuses further orders when too many are held', () => {
    const gate = setup();
    const newer = { node: 'host-2', fence: 6 };
    const verdicts = Array.from({ length: 257 }, () => gate.judge('order', newer, 0));
    expect(verdicts.filter((verdict) => verdict === 'read')).toHaveLength(256);
    expect(verdicts.at(-1)).toBe('refuse');
  });

  it('keeps held orders over a failed read and counts failures in a row', () => {
    const gate = new OrderGate<string>();
    gate.beginRead();
    gate.judge('activate', leader, 0);
    expect([gate.failRead(), gate.beginRead(), gate.failRead()]).toEqual([1, true, 2]);
    gate.beginRead();
    expect(gate.endRead(leader, 0)).toEqual(['activate']);
    gate.beginRead();
    expect(gate.failRead()).toBe(1);
  });
});
