import { describe, expect, it } from 'vitest';
import { isoTime } from './iso-time.ts';

describe('isoTime', () => {
  it.each([
    [0, '1970-01-01T00:00:00.000Z'],
    [951_782_400_001, '2000-02-29T00:00:00.001Z'],
    [951_868_799_999, '2000-02-29T23:59:59.999Z'],
    [1_709_164_800_000, '2024-02-29T00:00:00.000Z'],
    [1_735_689_599_999, '2024-12-31T23:59:59.999Z'],
    [4_107_542_400_000, '2100-03-01T00:00:00.000Z'],
  ])('writes %d as %s', (wallMs, text) => {
    expect(isoTime(wallMs)).toBe(text);
  });
});
