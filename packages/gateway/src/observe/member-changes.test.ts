import type { MemberEvidence } from '@drover/actor-core/cluster';
import { ManualClock } from '@drover/actor-core/testing';
import { expect, it } from 'vitest';
import { MemberChanges, recentMs } from './member-changes.ts';

function setup() {
  const clock = new ManualClock();
  const listeners: ((member: MemberEvidence) => void)[] = [];
  const presence = {
    members: () => [],
    onChange: (listener: (member: MemberEvidence) => void) => {
      listeners.push(listener);
      return () => undefined;
    },
  };
  const changes = new MemberChanges(presence, clock);
  const hear = (state: MemberEvidence['state'], incarnation: number): void => {
    for (const listener of listeners) listener({ node: 'host-1', state, incarnation } as MemberEvidence);
  };
  return { clock, changes, hear };
}

it('counts how often a node was lost and started anew', () => {
  const { changes, hear } = setup();
  hear('alive', 1);
  for (const state of ['unreachable', 'unreachable', 'alive', 'unreachable'] as const) hear(state, 1);
  hear('alive', 2);
  expect(changes.of('host-1')).toEqual({ lost: 2, restarted: 1 });
  expect(changes.of('unknown')).toEqual({ lost: 0, restarted: 0 });
});

it('forgets changes after ten minutes', () => {
  const { clock, changes, hear } = setup();
  hear('alive', 1);
  hear('unreachable', 1);
  clock.advance(recentMs + 1);
  hear('alive', 2);
  expect(changes.of('host-1')).toEqual({ lost: 0, restarted: 1 });
});
