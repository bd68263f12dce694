import { expect, it } from 'vitest';
import { createTestHub, createTestNode } from '../../testing/test-node.ts';
import type { View } from './view.ts';
import { ViewFollower } from './view-follower.ts';

const viewOf = (epoch: number, fence: number): View => ({ epoch, fence, members: [], ended: [] });

function setup(): { readonly follower: ViewFollower; readonly seen: number[] } {
  const { view } = createTestNode(createTestHub(), { nodeId: 'n' });
  if (!(view instanceof ViewFollower)) throw new Error('the node follows no view');
  const seen: number[] = [];
  view.onChange(({ epoch }) => seen.push(epoch));
  return { follower: view, seen };
}

it('does not go back to an older view of the same log, whatever comes late', () => {
  const { follower, seen } = setup();
  follower.take(viewOf(4, 10));
  follower.take(viewOf(5, 10));
  follower.take(viewOf(4, 10));
  expect([follower.current()?.epoch, seen]).toEqual([5, [4, 5]]);
});

it('begins again with a log that was made anew', () => {
  const { follower } = setup();
  follower.take(viewOf(5, 10));
  follower.take(viewOf(1, 99), true);
  expect(follower.current()?.epoch).toBe(1);
});
