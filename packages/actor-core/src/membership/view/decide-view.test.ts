import { describe, expect, it } from 'vitest';
import type { MemberEvidence } from '../presence.ts';
import {
  beginView,
  decideView,
  type ViewEffect,
  type ViewEvent,
  viewRules,
  type ViewState,
} from './decide-view.ts';
import { inquiryTiming, type Sighting } from './inquiry.ts';
import { emptyView, memberOf, type View } from './view.ts';

/** A control leader `a` that hears the given nodes, and a log that accepts each view at once. */
function setup(...names: string[]) {
  const evidence = new Map<string, MemberEvidence>();
  const set = (node: string, state: MemberEvidence['state'] | undefined, incarnation = 1): void => {
    if (state === undefined) evidence.delete(node);
    else
      evidence.set(node, {
        node,
        roles: ['host'],
        pid: 1,
        incarnation,
        state,
        isSuspect: false,
        isStalled: false,
        ageMs: 0,
        lagMs: 0,
        metadata: {},
      });
  };
  for (const name of ['a', ...names]) set(name, 'alive');
  let state: ViewState = beginView('a', 10, emptyView, 0);
  let nowMs = 0;
  let accepts = true;
  const seen: ViewEffect[] = [];
  const views: View[] = [];
  const take = (event: ViewEvent): void => {
    const step = decideView(state, event, { members: [...evidence.values()], nowMs, random: 0 });
    state = step.state;
    for (const effect of step.effects) {
      seen.push(effect);
      if (effect.type === 'write') views.push(effect.view);
    }
    if (accepts && step.effects.some(({ type }) => type === 'write')) take({ type: 'written' });
  };
  const kit = {
    set,
    views,
    take,
    refuse: (refuses: boolean) => void (accepts = !refuses),
    /** Time passes; the leader looks at the end. */
    pass: (ms: number) => {
      nowMs += ms;
      take({ type: 'tick' });
    },
    sees: (about: string, from: string, sighting: Sighting) =>
      take({ type: 'sighting', about, incarnation: 1, from, sighting }),
    stateOf: (id: string) => memberOf(state.view, id)?.state,
    view: () => state.view,
    effects: <T extends ViewEffect['type']>(type: T) =>
      seen.filter((effect): effect is Extract<ViewEffect, { type: T }> => effect.type === type),
    ask: (action: 'drain' | 'leave', node: string) => {
      take({ type: 'request', token: seen.length, request: { action, node } });
      return kit.effects('answer').at(-1)?.answer;
    },
  };
  kit.pass(0);
  return kit;
}

describe('the control leader', () => {
  it('begins with a view of its own, even if nothing has changed', () => {
    const { views } = setup('b');
    expect(views.map(({ epoch, fence, members }) => [epoch, fence, members.length])).toEqual([[1, 10, 2]]);
    const later = decideView(
      beginView('a', 11, views[0] as View, 0),
      { type: 'tick' },
      {
        members: [],
        nowMs: 0,
        random: 0,
      },
    );
    expect(later.effects).toMatchObject([{ type: 'write', view: { epoch: 2, fence: 11 } }]);
  });

  it('writes one view at a time, and puts what changes meanwhile into the next one', () => {
    const { views, set, refuse, pass, take } = setup();
    refuse(true);
    set('b', 'alive');
    pass(1);
    set('c', 'alive');
    pass(1);
    expect(views.map(({ members }) => members.length)).toEqual([1, 2]);
    refuse(false);
    take({ type: 'written' });
    expect(views.map(({ epoch, members }) => [epoch, members.length])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
  });

  it('writes a view again when the log may have lost it', () => {
    const { views, take, pass } = setup('b');
    pass(1);
    take({ type: 'log-lost' });
    expect(views.map(({ epoch, members }) => [epoch, members.length])).toEqual([
      [1, 2],
      [2, 2],
    ]);
  });

  it('admits a newer incarnation in the place of the older one, and never an older one', () => {
    const { set, pass, view, views } = setup('b');
    set('b', 'alive', 5);
    pass(1);
    expect(view().members.map(({ id, incarnation }) => `${id}${incarnation}`)).toEqual(['a1', 'b5']);
    set('b', 'alive', 4);
    pass(1);
    expect(views).toHaveLength(2);
  });

  it('admits no node of release 0.3.0, which reads no view: presence judges it', () => {
    const old: MemberEvidence = {
      node: 'old',
      roles: ['host'],
      pid: 1,
      incarnation: 1,
      state: 'alive',
      isSuspect: false,
      isStalled: false,
      ageMs: 0,
      lagMs: 0,
    };
    const facts = { members: [old], nowMs: 0, random: 0 };
    const { effects } = decideView(beginView('a', 1, emptyView, 0), { type: 'tick' }, facts);
    expect(effects).toMatchObject([{ type: 'write', view: { members: [] } }]);
  });

  it('takes the word of a node that leaves, and forgets the member after a while, but not its incarnation', () => {
    const { set, pass, stateOf, view } = setup('b');
    set('b', 'left');
    pass(1);
    expect(stateOf('b')).toBe('left');
    set('b', undefined);
    pass(viewRules.keepEndedMs - 1);
    expect(stateOf('b')).toBe('left');
    pass(1);
    expect([stateOf('b'), view().ended]).toEqual([undefined, [{ id: 'b', incarnation: 1 }]]);
    set('b', 'alive');
    pass(1);
    expect(stateOf('b')).toBeUndefined();
    set('b', 'alive', 2);
    pass(1);
    expect(stateOf('b')).toBe('up');
  });
});

describe('an unreachable member', () => {
  it('is dead when the leader does not reach it and a third member does not either', () => {
    const { set, pass, sees, stateOf, effects } = setup('b', 'c', 'd');
    set('b', 'unreachable');
    pass(1);
    expect(effects('inquire')).toMatchObject([{ about: 'b', witnesses: ['c', 'd'] }]);
    sees('b', 'a', 'gone');
    expect(stateOf('b')).toBe('up');
    sees('b', 'c', 'gone');
    sees('b', 'd', 'silent');
    expect(stateOf('b')).toBe('dead');
    expect(effects('declared-dead')).toHaveLength(1);
  });

  it('is dead although a witness does not answer, once the others had time to object', () => {
    const { set, pass, sees, stateOf } = setup('b', 'c', 'd');
    set('b', 'unreachable');
    pass(1);
    sees('b', 'a', 'silent');
    sees('b', 'c', 'gone');
    pass(inquiryTiming.objectionMs - 1);
    expect(stateOf('b')).toBe('up');
    pass(1);
    expect(stateOf('b')).toBe('dead');
  });

  it.each<[string, Sighting, Sighting]>([
    ['a third member reaches it', 'silent', 'there'],
    ['the leader reaches it after all', 'there', 'gone'],
    ['no third member concurs', 'gone', 'unsure'],
  ])('stays while %s', (_, own, witness) => {
    const { set, pass, sees, stateOf, effects } = setup('b', 'c');
    set('b', 'unreachable');
    pass(1);
    sees('b', 'a', own);
    sees('b', 'c', witness);
    pass(1);
    expect(stateOf('b')).toBe('up');
    pass(inquiryTiming.againMs);
    expect(effects('inquire')).toHaveLength(2);
  });

  it('stays if it is heard before the inquiry ends', () => {
    const { set, pass, sees, stateOf } = setup('b', 'c');
    set('b', 'unreachable');
    pass(1);
    sees('b', 'a', 'silent');
    set('b', 'alive');
    sees('b', 'c', 'silent');
    pass(5_000);
    expect(stateOf('b')).toBe('up');
  });

  it('is judged by the leader alone where there is no third member', () => {
    const { set, pass, sees, stateOf } = setup('b');
    set('b', 'unreachable');
    pass(1);
    sees('b', 'a', 'gone');
    expect(stateOf('b')).toBe('dead');
  });

  it('is not judged for 10 s while the leader reaches no member at all', () => {
    const { set, pass, sees, stateOf, effects } = setup('b', 'c');
    set('b', 'unreachable');
    set('c', 'unreachable');
    pass(1);
    pass(inquiryTiming.aloneMs - 1);
    expect(effects('inquire')).toEqual([]);
    pass(1);
    sees('b', 'a', 'silent');
    sees('c', 'a', 'silent');
    expect([stateOf('b'), stateOf('c')]).toEqual(['dead', 'dead']);
  });

  it('is not judged by an answer about another incarnation or of a node that was not asked', () => {
    const { set, pass, sees, take, stateOf } = setup('b', 'c');
    set('b', 'unreachable');
    pass(1);
    sees('b', 'a', 'gone');
    sees('b', 'x', 'gone');
    take({ type: 'sighting', about: 'b', incarnation: 2, from: 'c', sighting: 'gone' });
    pass(1);
    expect(stateOf('b')).toBe('up');
  });

  it('that a new leader has never heard is inquired about after 5 s', () => {
    const { views } = setup('b');
    const state = beginView('a', 11, views[0] as View, 0);
    const inquiriesAt = (nowMs: number) =>
      decideView(state, { type: 'tick' }, { members: [], nowMs, random: 0 }).effects.filter(
        ({ type }) => type === 'inquire',
      ).length;
    expect([inquiriesAt(viewRules.unheardMs - 1), inquiriesAt(viewRules.unheardMs)]).toEqual([0, 1]);
  });

  it('stays dead when it is heard again in the same incarnation', () => {
    const { set, pass, sees, stateOf } = setup('b');
    set('b', 'unreachable');
    pass(1);
    sees('b', 'a', 'silent');
    set('b', 'alive');
    pass(1);
    expect(stateOf('b')).toBe('dead');
    set('b', 'alive', 2);
    pass(1);
    expect(stateOf('b')).toBe('up');
  });
});

describe('a request', () => {
  it('drains a node, once', () => {
    const { ask, stateOf } = setup('b');
    expect(ask('drain', 'b')).toEqual({ ok: true, epoch: 2, state: 'draining' });
    expect(stateOf('b')).toBe('draining');
    expect(ask('drain', 'b')).toEqual({ ok: true, epoch: 2, state: 'draining' });
  });

  it('has a live node leave, and declares an unreachable one dead', () => {
    const { ask, set } = setup('b', 'c');
    expect(ask('leave', 'b')).toMatchObject({ ok: true, state: 'leaving' });
    set('c', 'unreachable');
    expect(ask('leave', 'c')).toMatchObject({ ok: true, state: 'dead' });
    expect(ask('leave', 'c')).toEqual({ ok: false, code: 'already-ended' });
    expect(ask('leave', 'x')).toEqual({ ok: false, code: 'unknown-node' });
  });

  it('is answered when its view is written', () => {
    const { ask, refuse, take, effects } = setup('b');
    refuse(true);
    expect(ask('drain', 'b')).toBeUndefined();
    take({ type: 'written' });
    expect(effects('answer')).toMatchObject([{ answer: { ok: true, state: 'draining' } }]);
  });
});
