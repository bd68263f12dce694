import { expect, it } from 'vitest';
import { advance } from '../testing/settle.ts';
import { createTestHub, createTestNode } from '../testing/test-node.ts';
import { followLeaders } from './group-leaders.ts';
import { joinLeadership } from './join-leadership.ts';

it('hears the leader of each group, its goodbye, and its successor', async () => {
  const hub = createTestHub();
  const [a, b, gateway] = [
    createTestNode(hub, { nodeId: 'a' }),
    createTestNode(hub, { nodeId: 'b' }),
    createTestNode(hub, { nodeId: 'g', roles: ['gateway'] }),
  ];
  const heard = followLeaders(gateway);
  const first = joinLeadership(a, { group: 'quota' });
  await advance(hub.clock, 6_000, 50);
  expect(heard.all()).toMatchObject([
    { group: 'quota', leader: { node: 'a', nodeIncarnation: 1, term: 1 }, elections: 1 },
  ]);
  expect(heard.all()[0]?.ageMs).toBeLessThanOrEqual(250);
  await first.resign();
  await advance(hub.clock, 50, 50);
  expect(heard.all()).toMatchObject([{ group: 'quota', leader: undefined, elections: 1 }]);
  joinLeadership(b, { group: 'quota' });
  await advance(hub.clock, 6_000, 50);
  expect(heard.all()).toMatchObject([{ group: 'quota', leader: { node: 'b', term: 2 }, elections: 2 }]);
  await b.leave();
  heard.close();
});
