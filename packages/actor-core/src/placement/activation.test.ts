import { describe, expect, it } from 'vitest';
import {
  type ActivationPolicy,
  confirmActive,
  countByNode,
  countOrder,
  decideDue,
  isPlacedOn,
  leaveUnplaced,
  mustBeListed,
  newEntity,
  placeOn,
} from './activation.ts';
import type { HostSeen, Placement } from './placement.ts';

const policy: ActivationPolicy = {
  activationTimeoutMs: 1_000,
  activationBackoffMaxMs: 5_000,
  activationAttempts: 3,
};
const host = (node: string, incarnation = 1): HostSeen => ({ node, incarnation, alive: true });
const entity = (id = 'e1', node = 'h1') =>
  newEntity<Placement>({ id, incarnation: 1, node, nodeIncarnation: 1 });

describe('an entity', () => {
  it('gets the next incarnation when it is placed again', () => {
    const e1 = entity();
    placeOn(e1, host('h2', 7), policy, 100);
    expect(e1.record).toEqual({ id: 'e1', incarnation: 2, node: 'h2', nodeIncarnation: 7 });
    expect(e1).toMatchObject({ phase: 'activating', orders: 0, dueAtMs: 1_100 });
  });

  it('is ordered with exponential backoff up to the limit', () => {
    const e1 = entity();
    const pauses = Array.from({ length: 5 }, () => {
      countOrder(e1, policy, 0);
      return e1.dueAtMs;
    });
    expect(pauses).toEqual([1_000, 2_000, 4_000, 5_000, 5_000]);
  });

  it('becomes active by the first confirmation only', () => {
    const e1 = entity();
    expect(confirmActive(e1, 5)).toBe(true);
    expect(confirmActive(e1, 9)).toBe(false);
    expect(e1).toMatchObject({ phase: 'active', confirmedAtMs: 9 });
  });

  it('is on a host only with both incarnations, and only while it is placed', () => {
    const e1 = entity();
    expect(isPlacedOn(e1, host('h1'))).toBe(true);
    expect(isPlacedOn(e1, host('h1', 2))).toBe(false);
    expect(isPlacedOn(e1, host('h2'))).toBe(false);
    expect(isPlacedOn(e1, host('h1'), 2)).toBe(false);
    leaveUnplaced(e1, 0);
    expect(isPlacedOn(e1, host('h1'))).toBe(false);
  });
});

describe('a due entity', () => {
  it('waits until its record is durable', () => {
    expect(decideDue(entity(), 2, policy)).toBe('wait');
  });

  it('is ordered again until the attempts are used up, then placed on another host', () => {
    const e1 = { ...entity(), durable: true };
    const steps = Array.from({ length: 4 }, () => {
      const step = decideDue(e1, 2, policy);
      countOrder(e1, policy, 0);
      return step;
    });
    expect(steps).toEqual(['order', 'order', 'order', 'relocate']);
  });

  it('stays on its host while no other host is live', () => {
    expect(decideDue({ ...entity(), durable: true, orders: 9 }, 1, policy)).toBe('order');
  });

  it('is placed if it has no host', () => {
    const e1 = entity();
    leaveUnplaced(e1, 0);
    expect(decideDue(e1, 1, policy)).toBe('place');
  });
});

describe('an inventory', () => {
  it('must list an entity that was confirmed before the survey', () => {
    const e1 = entity();
    confirmActive(e1, 10);
    expect(mustBeListed(e1, host('h1'), 11)).toBe(true);
    expect(mustBeListed(e1, host('h1'), 10)).toBe(false);
  });

  it('must list an entity that an earlier leader has placed, unless this leader has just ordered it', () => {
    const e1 = { ...entity(), durable: true };
    expect(mustBeListed(e1, host('h1'), 0)).toBe(true);
    countOrder(e1, policy, 0);
    expect(mustBeListed(e1, host('h1'), 0)).toBe(false);
  });
});

it('counts the placed entities of each node', () => {
  const gone = entity('e3', 'h1');
  leaveUnplaced(gone, 0);
  expect([...countByNode([entity('e1', 'h1'), entity('e2', 'h2'), gone])]).toEqual([
    ['h1', 1],
    ['h2', 1],
  ]);
});
