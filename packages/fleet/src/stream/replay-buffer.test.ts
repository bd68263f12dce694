import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReplayBuffer } from './replay-buffer.ts';

/** What a step does: add so many lines, free a share of the held ones, or drop a share of them from the back. */
const steps = fc.array(
  fc.tuple(fc.constantFrom('add', 'free', 'drop'), fc.integer({ min: 1, max: 700 }), fc.boolean()),
  { maxLength: 30 },
);

describe('a replay buffer', () => {
  it('holds the same lines as a plain numbered list', () => {
    fc.assert(
      fc.property(steps, (plan) => {
        const buffer = new ReplayBuffer();
        const model = new Map<number, { line: string; continues: boolean }>();
        let [next, freed] = [1, 0];
        for (const [what, amount, continues] of plan) {
          if (what === 'add') {
            for (let added = 0; added < amount; added += 1) {
              buffer.add(`line ${next}`, 10, continues);
              model.set(next, { line: `line ${next}`, continues });
              next += 1;
            }
          } else if (what === 'free') {
            const last = Math.min(freed + amount, next - 1);
            buffer.freeThrough(freed + amount);
            for (; freed < last; freed += 1) model.delete(freed + 1);
          } else {
            const last = Math.max(freed, next - 1 - amount);
            buffer.dropAfter(last);
            for (; next > last + 1; next -= 1) model.delete(next - 1);
          }
          expect(buffer.heldLines).toBe(model.size);
          expect(buffer.heldBytes).toBe(model.size * 10);
          expect(buffer.producedThrough).toBe(next - 1);
          expect(buffer.freedThrough).toBe(freed);
        }
        for (let first = freed + 1; first < next; ) {
          const run = buffer.run(first, next - 1, 1_000);
          expect(run.lines.length).toBeGreaterThan(0);
          expect(run.lines.length).toBeLessThanOrEqual(100);
          for (const [offset, line] of run.lines.entries())
            expect(model.get(first + offset)?.line).toBe(line);
          first += run.lines.length;
          expect(run.continues).toBe(model.get(first - 1)?.continues);
        }
      }),
    );
  });

  it('keeps its numbers when freed entries are cut off', () => {
    const buffer = new ReplayBuffer();
    for (let round = 0; round < 10; round += 1) {
      for (let line = 1; line <= 1_000; line += 1) buffer.add(`${round * 1_000 + line}`, 4);
      buffer.freeThrough(round * 1_000 + 700);
      const { lines } = buffer.run(round * 1_000 + 701, round * 1_000 + 703, 1_000);
      expect(lines).toEqual([`${round * 1_000 + 701}`, `${round * 1_000 + 702}`, `${round * 1_000 + 703}`]);
    }
    expect(buffer.heldLines).toBe(300);
    expect(buffer.heldBytes).toBe(1_200);
  });

  it('returns one line even if it is too large', () => {
    const buffer = new ReplayBuffer();
    buffer.add('large', 5_000);
    buffer.add('small', 1);
    expect(buffer.run(1, 2, 1_000)).toEqual({ lines: ['large'], continues: false });
  });
});
