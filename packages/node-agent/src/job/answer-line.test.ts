import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LineMeaning, readLine } from './answer-line.ts';

/** The meaning of a short line by its parsed value alone. */
function meaningOf(line: string): LineMeaning {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'broken';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'broken';
  if ('error' in value) return 'error';
  return 'done' in value && value.done === true ? 'done' : 'more';
}

const token = fc.oneof(
  fc.record({ model: fc.string(), created_at: fc.string(), response: fc.string({ unit: 'binary' }) }),
  fc.record({
    model: fc.string(),
    message: fc.record({ role: fc.string(), content: fc.string({ unit: 'binary' }) }),
  }),
);

describe('readLine', () => {
  it('means the same for a token line as its parsed value does', () => {
    fc.assert(
      fc.property(token, fc.constantFrom(false, true), (fields, done) => {
        const line = JSON.stringify({ ...fields, done });
        expect(readLine(line)).toBe(meaningOf(line));
        expect(readLine(line)).toBe(done ? 'done' : 'more');
      }),
    );
  });

  it('means the same as the parsed value after any character was removed, doubled or replaced', () => {
    const alphabet = ['"', '\\', '{', '}', ',', ':', 'u', '\n', '\u0001', 'e'];
    const change = fc.record({
      at: fc.nat(),
      removed: fc.constantFrom(0, 1),
      added: fc.constantFrom('', ...alphabet),
    });
    fc.assert(
      fc.property(token, change, (fields, { at, removed, added }) => {
        const line = JSON.stringify({ ...fields, done: false });
        const index = at % line.length;
        const changed = line.slice(0, index) + added + line.slice(index + removed);
        expect(readLine(changed)).toBe(meaningOf(changed));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['{"model":"m","error":"no","done":false}', 'error'],
    ['{"message":{"role":"a","content":"x"},"done":false}', 'more'],
    ['{"message":{"role":"a","content":"x",},"done":false}', 'broken'],
    ['{"message":{"role":"a","content":"\\u12"},"done":false}', 'broken'],
    ['{"message":{"role":"a","content":"","thinking":"t"},"done":false}', 'more'],
    [`{"response":"${'\\n'.repeat(1_000)}","done":false}`, 'more'],
    ['[1]', 'broken'],
  ] as const)('reads %s', (line, meaning) => {
    expect(readLine(line)).toBe(meaning);
  });
});
