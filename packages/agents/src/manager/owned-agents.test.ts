import { expect, it } from 'vitest';
import { OwnedAgents } from './owned-agents.ts';

it('keeps the newest owner record of each agent, and tells of each change', () => {
  const owned = new OwnedAgents();
  const changed: string[] = [];
  owned.onChange((id) => changed.push(id));
  owned.take('a1', 5);
  owned.take('a2', 6);
  owned.take('a1', 7);
  // The end of the earlier activation comes late.
  owned.release('a1', 5);
  expect(owned.ownerOf('a1')).toBe(7);
  owned.release('a1', 7);
  expect([...owned.all()]).toEqual([['a2', 6]]);
  expect(changed).toEqual(['a1', 'a2', 'a1', 'a1']);
});
