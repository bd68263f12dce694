import type { ActorRef } from '@drover/actor-core';
import type { SessionMessage } from '@drover/fleet';
import { expect, it } from 'vitest';
import { ReaderWatch } from './reader-watch.ts';

function setup() {
  const watched: unknown[] = [];
  const address = { node: 'gateway-1', nodeIncarnation: 1, path: 'session', uid: 7 };
  const reader: ActorRef<SessionMessage> = { address, tell: () => undefined };
  const context = { watch: (ref: unknown) => void watched.push(ref) };
  const presence = { member: () => undefined };
  return { watch: new ReaderWatch(context, reader, presence, 1_000), watched, reader };
}

it('watches the reader of a request only after a quarter of a second, once', () => {
  const { watch, watched, reader } = setup();
  watch.wake(1_249);
  watch.received();
  expect(watched).toEqual([]);
  expect(watch.dueAtMs).toBe(1_250);
  watch.wake(1_250);
  watch.wake(2_000);
  watch.received();
  expect(watched).toEqual([reader]);
  expect(watch.dueAtMs).toBe(Number.POSITIVE_INFINITY);
});

it('watches the reader again when its unreachable node sends a message', () => {
  const { watch, watched } = setup();
  watch.wake(1_250);
  expect(watch.isGone('node-down')).toBe(false);
  watch.received();
  expect(watched).toHaveLength(2);
  expect(watch.isGone('stopped')).toBe(true);
});
