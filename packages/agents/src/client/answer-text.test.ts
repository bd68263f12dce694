import { array, assert, nat, property, record, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerText } from './answer-text.ts';

describe('AnswerText', () => {
  it('emits each character once and in order when pieces are lost, duplicated or late', () => {
    const piece = record({ at: nat(20), size: nat(8) });
    assert(
      property(string({ maxLength: 20 }), array(piece), (whole, pieces) => {
        const text = new AnswerText();
        let emitted = '';
        for (const { at, size } of pieces) emitted += text.take(at, whole.slice(at, at + size)).fresh;
        expect(whole.startsWith(emitted)).toBe(true);
        expect(emitted + text.complete(whole)).toBe(whole);
      }),
    );
  });

  it('reports missing characters', () => {
    const text = new AnswerText();
    expect(text.take(0, 'one ')).toEqual({ fresh: 'one ', missing: false });
    expect(text.take(8, 'three')).toEqual({ fresh: '', missing: true });
    expect(text.take(4, 'two three')).toEqual({ fresh: 'two three', missing: false });
    expect(text.take(8, 'three')).toEqual({ fresh: '', missing: false });
  });
});
