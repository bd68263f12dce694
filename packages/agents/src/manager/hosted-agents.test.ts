import type { ActorRef } from '@drover/actor-core';
import { expect, it } from 'vitest';
import { type Hosted, HostedAgents } from './hosted-agents.ts';

const ref: ActorRef<unknown> = {
  address: { node: 'h1', nodeIncarnation: 1, path: 'agents', uid: 1 },
  tell: () => undefined,
};
const hosted = (id: string, incarnation = 1): Hosted => ({
  id,
  incarnation,
  owner: 1,
  ref,
  shared: { endCode: 'agent-lost', model: 'm:latest' },
  state: 'ready',
  runs: new Set(['r1']),
});

function setup(): HostedAgents {
  const agents = new HostedAgents();
  agents.add(hosted('a1'));
  agents.add(hosted('a2'));
  return agents;
}

it('reports ready at once, and schedules one report for several busy agents', () => {
  const agents = setup();
  expect(agents.noteState('a1', 1, 'busy')).toBe('soon');
  expect(agents.noteState('a2', 1, 'busy')).toBeUndefined();
  expect(agents.noteState('a1', 1, 'ready')).toBe('now');
});

it('hands out each changed state once, and none of a removed agent or an older incarnation', () => {
  const agents = setup();
  agents.noteState('a1', 1, 'busy');
  agents.noteState('a2', 9, 'busy');
  agents.noteState('a2', 1, 'busy');
  agents.remove('a2');
  expect(agents.takeChanged()).toEqual([[{ id: 'a1', incarnation: 1, state: 'busy', model: 'm:latest' }]]);
  expect(agents.takeChanged()).toEqual([]);
});

it('lists each agent with its open runs and those whose end is not confirmed', () => {
  const [page] = setup().inventory(new Map([['a1', ['r1', 'r0']]]));
  expect(page?.map(({ id, runs }) => [id, runs])).toEqual([
    ['a1', ['r1', 'r0']],
    ['a2', ['r1']],
  ]);
});

it('finds an agent by the path of its actor', () => {
  const agents = setup();
  expect(agents.findByPath('agents/a1-1')?.id).toBe('a1');
  expect(agents.findByPath('agents/a1-2')).toBeUndefined();
});
