import { expect, it } from 'vitest';
import { systemClock } from '../clock/system-clock.ts';
import { seededRandom } from '../random/seeded-random.ts';
import { nodeScheduler } from '../scheduler/node-scheduler.ts';
import { transportContract } from '../testing/transport-contract.ts';
import { MemoryHub } from './memory-transport.ts';
import { subjectMatches } from './subject-match.ts';

transportContract('the memory hub', async () => {
  const hub = new MemoryHub({ clock: systemClock, random: seededRandom(1), scheduler: nodeScheduler() });
  return {
    connect: async (node) => hub.connect(node),
    async outage() {
      hub.disconnectAll();
      return { end: async () => hub.reconnectAll() };
    },
    dispose: async () => undefined,
  };
});

it.each([
  ['a.b', 'a.b', true],
  ['a.*', 'a.b', true],
  ['a.*', 'a.b.c', false],
  ['a.>', 'a.b.c', true],
  ['a.>', 'a', false],
  ['*.b', 'a.b', true],
  ['>', 'a', true],
  ['a.b.c', 'a.b', false],
] as const)('the pattern %s and the subject %s: %s', (pattern, subject, expected) => {
  expect(subjectMatches(pattern, subject)).toBe(expected);
});
