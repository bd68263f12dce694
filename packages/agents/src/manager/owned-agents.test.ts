import { expect, it } from 'vitest';
import { OwnedAgents } from './owned-agents.ts';

const agent = (id: string, owner: number) => ({ id, owner, isHandedOver: false });

it('keeps the newest owner record of each agent, and tells of each change', () => {
  const owned = new OwnedAgents();
  const changed: string[] = [];
  owned.onChange((id) => changed.push(id));
  owned.take(agent('a1', 5));
  owned.take(agent('a2', 6));
  owned.take(agent('a1', 7));
  // The end of the earlier activation comes late.
  owned.release(agent('a1', 5));
  expect(owned.get('a1')).toEqual(agent('a1', 7));
  owned.release(agent('a1', 7));
  expect([...owned.all()]).toEqual([agent('a2', 6)]);
  expect(changed).toEqual(['a1', 'a2', 'a1', 'a1']);
});
