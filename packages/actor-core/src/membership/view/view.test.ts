import { describe, expect, it } from 'vitest';
import { decideAnnounced, decideAnswered, initialFollow } from './decide-follow.ts';
import { fateByPresence, fatesByView } from './node-fate.ts';
import { applyChanges, digestOf, emptyView, endedIncarnation, type View, type ViewMember } from './view.ts';
import { decodeAnnouncedView, decodeView, encodeAnnouncedView, encodeView } from './view-codec.ts';

const member = (id: string, incarnation: number, state: ViewMember['state'] = 'up'): ViewMember => ({
  id,
  incarnation,
  state,
  roles: ['host'],
  metadata: { version: '1.0.0' },
});
const viewOf = (epoch: number, fence: number, ...members: ViewMember[]): View => ({
  epoch,
  fence,
  members,
  ended: [],
});

const evidence = (state: 'alive' | 'unreachable' | 'left', incarnation = 1) => ({
  node: 'a',
  roles: [],
  pid: 1,
  incarnation,
  state,
  isSuspect: false,
  isStalled: false,
  ageMs: 0,
  lagMs: 0,
});

const fateOf = (state: 'alive' | 'unreachable' | 'left', view?: View, incarnation?: number) =>
  fateByPresence(evidence(state, incarnation), view)?.fate;

describe('a view', () => {
  it('remembers the incarnation of a member that is no longer listed, until a newer one is', () => {
    const first = applyChanges(emptyView, { set: [member('b', 1), member('a', 4)], removed: [] }, 7);
    expect(first.members.map(({ id }) => id)).toEqual(['a', 'b']);
    const second = applyChanges(first, { set: [], removed: ['a', 'unknown'] }, 7);
    expect([second.epoch, second.ended, endedIncarnation(second, 'a')]).toEqual([
      2,
      [{ id: 'a', incarnation: 4 }],
      4,
    ]);
    const third = applyChanges(second, { set: [member('a', 5)], removed: [] }, 7);
    expect([third.ended, endedIncarnation(third, 'a')]).toEqual([[], 4]);
  });

  it('counts the incarnation of a dead member and all earlier ones as ended', () => {
    expect(endedIncarnation(viewOf(1, 1, member('a', 3, 'dead')), 'a')).toBe(3);
    expect(endedIncarnation(viewOf(1, 1, member('a', 3, 'draining')), 'a')).toBe(2);
    expect(endedIncarnation(viewOf(1, 1), 'a')).toBe(0);
  });

  it('is the same after the wire, and fields of a later release are ignored', () => {
    const view = applyChanges(emptyView, { set: [member('a', 1), member('b', 2, 'dead')], removed: [] }, 9);
    expect(decodeView(encodeView(view))).toEqual(view);
    const grown = { ...JSON.parse(new TextDecoder().decode(encodeView(view))), later: 1 };
    expect(decodeView(new TextEncoder().encode(JSON.stringify(grown)))).toEqual(view);
  });

  it.each(['', 'null', '{}', '{"v":1,"epoch":1,"fence":1,"members":[{}],"ended":[]}', '{"v":2}'])(
    'is not read from %j',
    (text) => {
      expect(decodeView(new TextEncoder().encode(text))).toBeUndefined();
    },
  );

  it('is announced in a form that the receiver can read, and garbage is not read', () => {
    const announcement = {
      fence: 5,
      epoch: 2,
      digest: 77,
      incarnation: 3,
      changes: { set: [member('a', 1)], removed: ['b'] },
    };
    expect(decodeAnnouncedView(encodeAnnouncedView(announcement))).toEqual(announcement);
    for (const bytes of [[], [0xc1], [0x93, 1, 2, 3]])
      expect(decodeAnnouncedView(Uint8Array.from(bytes))).toBeUndefined();
  });
});

describe('a follower', () => {
  const first = applyChanges(emptyView, { set: [member('a', 1)], removed: [] }, 10);
  const changes = { set: [member('b', 1)], removed: [] };
  const second = applyChanges(first, changes, 10);
  const announced = (view: View, sent?: typeof changes) => ({
    fence: view.fence,
    epoch: view.epoch,
    digest: digestOf(view),
    incarnation: 1,
    changes: sent,
  });
  const following = { view: first, leader: { node: 'a', fence: 10, heardAtMs: 0 }, agreedAtMs: 0 };

  it('asks for the whole view at first, and applies changes to the view that they follow', () => {
    const begun = decideAnnounced(initialFollow, 'a', announced(first), 0);
    expect(begun.ask).toBe('a');
    const known = decideAnswered(begun.state, 'a', first, 1);
    const next = decideAnnounced(known, 'a', announced(second, changes), 5);
    expect([next.ask, next.state.view]).toEqual([undefined, second]);
  });

  it('asks for the whole view after a gap, and where the changes give another view', () => {
    const third = applyChanges(second, { set: [member('c', 1)], removed: [] }, 10);
    expect(decideAnnounced(following, 'a', announced(third, changes), 5).ask).toBe('a');
    expect(decideAnnounced(following, 'a', { ...announced(second, changes), digest: 1 }, 5).ask).toBe('a');
  });

  it('does not go back to an earlier view of the same leader', () => {
    const state = { ...following, view: second };
    expect(decideAnnounced(state, 'a', announced(first), 5)).toEqual({
      state: { ...state, leader: { node: 'a', fence: 10, heardAtMs: 5 } },
    });
    expect(decideAnswered(state, 'a', first, 5)).toBe(state);
  });

  it('believes no leader of an earlier fence, and no other node of the same fence', () => {
    const deposed = { ...announced(second, changes), fence: 9 };
    expect(decideAnnounced(following, 'b', deposed, 5)).toEqual({ state: following });
    expect(decideAnnounced(following, 'b', announced(second, changes), 5)).toEqual({ state: following });
    const answered = decideAnswered(following, 'b', { ...second, fence: 9 }, 5);
    expect(answered).toBe(following);
  });

  it('believes an earlier fence when the known leader was silent for 15 s, as after the loss of the log', () => {
    const restarted = viewOf(1, 3, member('b', 1));
    expect(decideAnnounced(following, 'b', announced(restarted), 14_999).ask).toBeUndefined();
    expect(decideAnnounced(following, 'b', announced(restarted), 15_000).ask).toBe('b');
  });
});

describe('a node that has a view which the log has lost', () => {
  const lost = viewOf(8, 10, member('a', 1));
  const written = viewOf(1, 10, member('b', 1));
  const announced = { fence: 10, epoch: 1, digest: digestOf(written), incarnation: 1, changes: undefined };
  const following = {
    view: lost,
    leader: { node: 'a', fence: 10, heardAtMs: 0 },
    agreedAtMs: 0,
  };

  it('asks for another view of the same leader, which for 15 s was announced instead', () => {
    expect(decideAnnounced(following, 'a', announced, 14_999).ask).toBeUndefined();
    const { state, ask } = decideAnnounced(following, 'a', announced, 15_000);
    expect([ask, state.view]).toEqual(['a', lost]);
    expect(decideAnswered(state, 'a', written, 15_001).view).toBe(written);
    expect(decideAnswered(state, 'a', written, 14_999).view).toBe(lost);
  });
});

describe('the fate of a node', () => {
  it('is judged by presence alone while no view lists the node', () => {
    expect(fateOf('alive')).toBe('runs');
    expect(fateOf('unreachable')).toBe('lost');
    expect(fateOf('unreachable', viewOf(1, 1, member('b', 1)))).toBe('lost');
    expect(fateOf('left')).toBe('ended');
  });

  it('does not change while a member of the view is unreachable', () => {
    for (const state of ['up', 'draining', 'leaving'] as const)
      expect(fateOf('unreachable', viewOf(1, 1, member('a', 1, state)))).toBeUndefined();
  });

  it('ends when the view says so, even if the node is heard', () => {
    const before = viewOf(1, 1, member('a', 1), member('b', 1));
    const after = viewOf(2, 1, member('a', 1, 'dead'), member('b', 1));
    expect(fatesByView(before, after)).toEqual([{ node: 'a', incarnation: 1, fate: 'ended' }]);
    expect(fateOf('alive', after)).toBeUndefined();
    expect(fateOf('alive', after, 2)).toBe('runs');
  });

  it('is revived by a view that lists it after the log has lost the view of its end', () => {
    const lost = viewOf(3, 1, member('a', 1, 'dead'));
    expect(fatesByView(lost, viewOf(3, 2, member('a', 1)))).toEqual([
      { node: 'a', incarnation: 1, fate: 'revived' },
    ]);
    const forgotten: View = { ...viewOf(4, 1), ended: [{ id: 'a', incarnation: 1 }] };
    expect(fatesByView(forgotten, viewOf(3, 2, member('a', 1)))).toMatchObject([{ fate: 'revived' }]);
    expect(fatesByView(lost, viewOf(4, 1, member('a', 2)))).toMatchObject([{ fate: 'runs' }]);
  });

  it('ends when the first view received has it among the ended', () => {
    const view: View = { ...viewOf(5, 1, member('b', 2)), ended: [{ id: 'a', incarnation: 3 }] };
    expect(fatesByView(undefined, view)).toEqual([
      { node: 'b', incarnation: 2, fate: 'runs' },
      { node: 'a', incarnation: 3, fate: 'ended' },
    ]);
    expect(fatesByView(view, { ...view, epoch: 6 })).toEqual([]);
  });
});
