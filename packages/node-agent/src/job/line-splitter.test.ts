import { describe, expect, it } from 'vitest';
import { LineSplitter } from './line-splitter.ts';

describe('LineSplitter', () => {
  it('returns the same lines for any split into packets', () => {
    const lines = ['{"response":"žluťoučký 🐎"}', '{"response":"日本"}', '{"done":true}'];
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    for (let size = 1; size <= bytes.length; size += 1) {
      const splitter = new LineSplitter(1_000);
      const got: string[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        const step = splitter.push(bytes.subarray(at, at + size));
        if (step !== 'too-long') got.push(...step);
      }
      expect(got).toEqual(lines);
      expect(splitter.rest()).toBe('');
    }
  });

  it('drops empty lines and the carriage return of a line end', () => {
    expect(new LineSplitter(10).push(Buffer.from('\n\r\na\r\n\nb\n'))).toEqual(['a', 'b']);
  });

  it('returns an incomplete line as the rest', () => {
    const splitter = new LineSplitter(10);
    expect(splitter.push(Buffer.from('a\nbc'))).toEqual(['a']);
    expect(splitter.rest()).toBe('bc');
  });

  it('refuses a line above the bound, complete or not', () => {
    expect(new LineSplitter(3).push(Buffer.from('abcd'))).toBe('too-long');
    expect(new LineSplitter(3).push(Buffer.from('abcd\n'))).toBe('too-long');
    expect(new LineSplitter(3).push(Buffer.from('abc\nabc\n'))).toEqual(['abc', 'abc']);
  });
});
