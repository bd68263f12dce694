import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { playPart } from './trial-figures.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drover-parts-'));
  vi.stubEnv('DROVER_PARTS', join(folder, 'parts.jsonl'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

it('plays a part of a proof once, and takes its result from the file when the proof goes on', async () => {
  const played: string[] = [];
  const play = (part: string) => playPart(part, () => Promise.resolve([played.push(part)]));
  expect([await play('first'), await play('second'), await play('first')]).toEqual([[1], [2], [1]]);
  expect(played).toEqual(['first', 'second']);
});

it('plays a part again that failed', async () => {
  await expect(playPart('one', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await playPart('one', () => Promise.resolve(2))).toBe(2);
});
