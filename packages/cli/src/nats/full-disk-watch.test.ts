import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type DiskSpace, FullDiskWatch, hasRoom, showsFullDisk } from './full-disk-watch.ts';

const MiB = 1024 * 1024;
const fullLine =
  '[1] 2026/11/30 17:18:35.637822 [ERR] Filestore [S] Critical write error: write /d/1.blk: no space left on device';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function setup(): { watch: FullDiskWatch; disk: { freeBytes: number; totalBytes: number }; told: string[] } {
  const disk = { freeBytes: 0, totalBytes: 1_024 * MiB };
  const told: string[] = [];
  const watch = new FullDiskWatch({
    space: async (): Promise<DiskSpace> => disk,
    restart: async () => void told.push('restart'),
    onFull: () => told.push('full'),
    onRoom: ({ freeBytes }) => told.push(`room ${freeBytes / MiB}`),
  });
  return { watch, disk, told };
}

it('recognises a full disk in the log of nats-server, and nothing else', () => {
  expect(showsFullDisk(fullLine)).toBe(true);
  expect(showsFullDisk('[1] 2026/11/30 17:18:35.637822 [INF] Server is ready')).toBe(false);
});

it('takes an eighth of a small disk for room enough, and 64 MiB of a large one', () => {
  expect(hasRoom({ freeBytes: 8 * MiB, totalBytes: 64 * MiB })).toBe(true);
  expect(hasRoom({ freeBytes: 7 * MiB, totalBytes: 64 * MiB })).toBe(false);
  expect(hasRoom({ freeBytes: 63 * MiB, totalBytes: 10_000 * MiB })).toBe(false);
  expect(hasRoom({ freeBytes: 64 * MiB, totalBytes: 10_000 * MiB })).toBe(true);
});

it('restarts nats-server once there is room again, and not before', async () => {
  const { watch, disk, told } = setup();
  watch.note(fullLine);
  watch.note(fullLine);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told).toEqual(['full']);
  disk.freeBytes = 100 * MiB;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told).toEqual(['full', 'room 100', 'restart']);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told).toHaveLength(3);
});

it('waits between two restarts, on a disk whose room is taken again at once', async () => {
  const { watch, disk, told } = setup();
  disk.freeBytes = 100 * MiB;
  watch.note(fullLine);
  await vi.advanceTimersByTimeAsync(1_000);
  watch.note(fullLine);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(told).toEqual(['full', 'room 100', 'restart', 'full']);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(told.slice(4)).toEqual(['room 100', 'restart']);
});

it('restarts nothing after it was closed', async () => {
  const { watch, disk, told } = setup();
  watch.note(fullLine);
  watch.close();
  disk.freeBytes = 100 * MiB;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told).toEqual(['full']);
});
