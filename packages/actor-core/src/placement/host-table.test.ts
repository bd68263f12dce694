import { describe, expect, it } from 'vitest';
import { HostTable } from './host-table.ts';
import type { HostSeen } from './placement.ts';

const host = (node: string, incarnation = 1, alive = true): HostSeen => ({ node, incarnation, alive });
const placed = (node: string, nodeIncarnation = 1) => ({ id: 'e1', incarnation: 1, node, nodeIncarnation });

function setup() {
  return new HostTable<string>({ surveyMs: 5_000, unknownHostGraceMs: 3_000 }, 0);
}

describe('surveys', () => {
  it('are sent to a new host at once and then at each interval', () => {
    const table = setup();
    expect(table.observe([host('h1')], 0)).toEqual([{ node: 'h1', survey: 1 }]);
    expect(table.observe([host('h1')], 4_999)).toEqual([]);
    expect(table.observe([host('h1')], 5_000)).toEqual([{ node: 'h1', survey: 2 }]);
  });

  it.each([
    ['a new incarnation', host('h1', 2), 10],
    ['a host that is alive again', host('h1'), 20],
  ])('are sent at once to %s', (_, again, nowMs) => {
    const table = setup();
    table.observe([host('h1')], 0);
    table.observe([host('h1', 1, false)], 5);
    expect(table.observe([again], nowMs)).toEqual([{ node: 'h1', survey: 2 }]);
  });

  it('are not sent to a host that is not alive', () => {
    expect(setup().observe([host('h1', 1, false)], 0)).toEqual([]);
  });

  it('give an inventory once all pages have arrived, in any order', () => {
    const table = setup();
    table.observe([host('h1')], 7);
    expect(table.collect('h1', { survey: 1, page: 1, pages: 2, items: ['b'] })).toBeUndefined();
    expect(table.collect('h1', { survey: 1, page: 0, pages: 2, items: ['a'] })).toEqual({
      items: ['b', 'a'],
      askedAtMs: 7,
    });
    expect(table.collect('h1', { survey: 1, page: 0, pages: 1, items: [] })).toBeUndefined();
  });

  it('ignore pages of an older survey and of an unknown host', () => {
    const table = setup();
    table.observe([host('h1')], 0);
    table.observe([host('h1')], 5_000);
    expect(table.collect('h1', { survey: 1, page: 0, pages: 1, items: [] })).toBeUndefined();
    expect(table.collect('h9', { survey: 2, page: 0, pages: 1, items: [] })).toBeUndefined();
  });
});

describe('a placement', () => {
  it('is lost with its host, or with a restart of its host', () => {
    const table = setup();
    table.observe([host('h1'), host('h2', 1, false), host('h3', 2)], 0);
    expect(table.isLost(placed('h1'), 0)).toBe(false);
    expect(table.isLost(placed('h2'), 0)).toBe(true);
    expect(table.isLost(placed('h3'), 0)).toBe(true);
  });

  it('on a host that was never seen is lost only after the grace period', () => {
    const table = setup();
    expect(table.isLost(placed('h9'), 2_999)).toBe(false);
    expect(table.isLost(placed('h9'), 3_000)).toBe(true);
  });
});

it('recognises the sender of a report only in its present incarnation', () => {
  const table = setup();
  table.observe([host('h1', 2)], 0);
  expect(table.senderOf({ node: 'h1', nodeIncarnation: 2 })).toMatchObject({ node: 'h1' });
  expect(table.senderOf({ node: 'h1', nodeIncarnation: 1 })).toBeUndefined();
  table.observe([], 1);
  expect(table.senderOf({ node: 'h1', nodeIncarnation: 2 })).toBeUndefined();
});
