import { expect, it } from 'vitest';
import { decideReplay, type ReplayPosition } from './decide-replay.ts';
import type { JournalEntry } from './journal-entry.ts';

const entry = (index: number, generation: number): JournalEntry => ({
  index,
  generation,
  isBarrier: false,
  events: [],
  timers: [],
});
const barrier = (index: number, generation: number): JournalEntry => ({
  ...entry(index, generation),
  isBarrier: true,
});

/** Which of the entries count, and where the replay ends. */
function replay(...entries: JournalEntry[]) {
  let position: ReplayPosition = { index: 0, generation: 0 };
  const counted: number[] = [];
  for (const [at, one] of entries.entries()) {
    const step = decideReplay(position, one);
    if (step.do === 'refuse') return { counted, refused: step.detail };
    if (step.do === 'apply') counted.push(at);
    position = step.position;
  }
  return { counted, position };
}

it('counts entries in their order', () => {
  expect(replay(entry(1, 0), entry(2, 0))).toEqual({
    counted: [0, 1],
    position: { index: 2, generation: 0 },
  });
});

it('counts a write with an unknown outcome that was accepted before the barrier', () => {
  expect(replay(entry(1, 0), entry(2, 0), barrier(1, 1), entry(3, 1)).counted).toEqual([0, 1, 3]);
});

it('does not count a write of an older generation after the barrier', () => {
  expect(replay(entry(1, 0), barrier(1, 1), entry(2, 0), entry(2, 1)).counted).toEqual([0, 3]);
});

it('lets the newest of several barriers count, in whatever order they are accepted', () => {
  expect(replay(entry(1, 0), barrier(1, 2), barrier(1, 1), entry(2, 1), entry(2, 2)).counted).toEqual([0, 4]);
});

it('does not count a repeated attempt of an entry', () => {
  expect(replay(entry(1, 0), entry(2, 0), entry(1, 0), entry(3, 0)).counted).toEqual([0, 1, 3]);
});

it('refuses a journal that lacks an entry', () => {
  expect(replay(entry(1, 0), entry(3, 0))).toMatchObject({ refused: 'entry 3 follows entry 1' });
});
