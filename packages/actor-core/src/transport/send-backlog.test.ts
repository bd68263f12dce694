import { expect, it } from 'vitest';
import { maxBehindBytes, SendBacklog } from './send-backlog.ts';

function setup() {
  const flushes: (() => void)[] = [];
  const backlog = new SendBacklog(() => new Promise<void>((resolve) => flushes.push(resolve)));
  const fill = () => {
    while (!backlog.isFull) backlog.sent(64 * 1024);
  };
  return { backlog, flushes, fill };
}

it('is full at 64 MiB of unread data, and has room again for what the server reads', async () => {
  const { backlog, flushes, fill } = setup();
  fill();
  expect(flushes).toHaveLength(maxBehindBytes / 1024 / 1024);
  flushes[0]?.();
  await Promise.resolve();
  expect(backlog.isFull).toBe(false);
  fill();
  expect(backlog.isFull).toBe(true);
});

it('starts empty with a new connection, whatever flushes of the old one report', async () => {
  const { backlog, flushes, fill } = setup();
  fill();
  backlog.clear();
  expect(backlog.isFull).toBe(false);
  const old = flushes.splice(0);
  fill();
  for (const answer of old) answer();
  await Promise.resolve();
  expect(backlog.isFull).toBe(true);
});
