import { expect, it } from 'vitest';
import { applyEvidence, type MemberTable } from './member-table.ts';

const announced = (incarnation: number, left = false) => ({
  type: 'announced' as const,
  node: 'a',
  announcement: { incarnation, pid: incarnation, roles: [], lagMs: 0, left },
});

it('takes no announcement of an earlier incarnation for the present one', () => {
  const none: MemberTable = new Map();
  const { table } = applyEvidence(none, announced(5), 1);
  for (const left of [false, true]) {
    const later = applyEvidence(table, announced(4, left), 2);
    expect(later.changed).toEqual([]);
    expect(later.table.get('a')).toMatchObject({ incarnation: 5, pid: 5, state: 'alive', announcedMs: 1 });
  }
});
