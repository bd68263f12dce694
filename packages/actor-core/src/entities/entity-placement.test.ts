import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { receive } from '../actor/behaviour.ts';
import type { MemberEvidence } from '../membership/presence.ts';
import type { View, ViewMember } from '../membership/view/view.ts';
import { defineEntity } from './entity-definition.ts';
import { holderOf, placementOf } from './entity-placement.ts';
import type { OwnerRecord } from './owner-record.ts';
import { placementView } from './placement-view.ts';

const member = (id: string, more: Partial<ViewMember> = {}): ViewMember => ({
  id,
  incarnation: 1,
  state: 'up',
  roles: ['host'],
  metadata: {},
  ...more,
});
const view = (...members: ViewMember[]): View => ({ epoch: 7, fence: 3, members, ended: [] });
const heard = (node: string, more: Partial<MemberEvidence> = {}): MemberEvidence => ({
  node,
  roles: ['host'],
  pid: 1,
  incarnation: 1,
  state: 'alive',
  isSuspect: false,
  isStalled: false,
  ageMs: 0,
  lagMs: 0,
  ...more,
});
const type = (placement: 'hash' | (() => number) = 'hash') =>
  defineEntity<never>({
    type: 't',
    protocol: z.never(),
    behaviour: () => receive(() => undefined),
    placement,
  }).resolved;
const record = (more: Partial<OwnerRecord> = {}) => ({
  sequence: 9,
  record: {
    v: 1 as const,
    type: 't',
    key: 'k',
    node: 'a',
    incarnation: 1,
    epoch: 7,
    activation: 1,
    state: 'active' as const,
    atMs: 0,
    ...more,
  },
});
const types = new Set(['t']);
/** Every member holds the type. */
const all = { of: () => ({ types, isDraining: false }) };
const self = { nodeId: 'me', incarnation: 4 };

describe('placementView', () => {
  it('has the members of the view that take part, whether they are heard or not', () => {
    const members = [member('a'), member('b', { state: 'draining' }), member('c', { state: 'dead' })];
    expect(placementView(view(...members), [heard('a')], all)).toEqual({
      epoch: 7,
      members: [
        { id: 'a', incarnation: 1, state: 'up', roles: ['host'], metadata: {}, types, isReachable: true },
        {
          id: 'b',
          incarnation: 1,
          state: 'leaving',
          roles: ['host'],
          metadata: {},
          types,
          isReachable: false,
        },
      ],
    });
  });

  it('has the nodes that are heard where there is no view', () => {
    const evidence = [heard('a'), heard('b', { state: 'unreachable' })];
    const { epoch, members } = placementView(undefined, evidence, all);
    expect(epoch).toBe(0);
    expect(members.map(({ id }) => id)).toEqual(['a']);
  });
});

describe('placementOf', () => {
  it('names the same member on every node with the same view, also while the member is unreachable', () => {
    const one = placementView(view(member('a'), member('b')), [heard('a')], all);
    const other = placementView(view(member('a'), member('b')), [heard('b')], all);
    for (const key of ['k', 'l', 'm', 'n', 'o', 'p'])
      expect(placementOf({ type: 't', key }, type(), one)).toBe(
        placementOf({ type: 't', key }, type(), other),
      );
  });

  it('names no member that leaves, has another role, or has no weight', () => {
    const members = [member('a', { state: 'draining' }), member('b', { roles: ['gateway'] })];
    const seen = placementView(view(...members), [], all);
    expect(placementOf({ type: 't', key: 'k' }, type(), seen)).toBeUndefined();
    const alone = placementView(view(member('a')), [], all);
    expect(
      placementOf(
        { type: 't', key: 'k' },
        type(() => 0),
        alone,
      ),
    ).toBeUndefined();
  });
});

/** The view of two members of which these are held. */
const heldBy = (of: Parameters<typeof placementView>[2]['of']) =>
  placementView(view(member('a'), member('old')), [], { of });

describe('a member that holds no entities of the type', () => {
  it('is never named, such as a node of a release without entities', () => {
    const only = heldBy((node) => (node === 'a' ? { types, isDraining: false } : undefined));
    for (const key of ['k', 'l', 'm', 'n', 'o', 'p'])
      expect(placementOf({ type: 't', key }, type(), only)).toBe('a');
  });

  it('is not named while it drains', () => {
    const draining = heldBy((node) => ({ types, isDraining: node === 'a' }));
    for (const key of ['k', 'l', 'm', 'n', 'o', 'p'])
      expect(placementOf({ type: 't', key }, type(), draining)).toBe('old');
  });
});

describe('holderOf', () => {
  const seen = placementView(view(member('a'), member('me', { incarnation: 4 })), [heard('a')], all);

  it('finds an entity free that was given up, or whose owner has ended', () => {
    expect(holderOf({ sequence: 0, record: undefined }, seen, self)).toEqual({ kind: 'free' });
    expect(holderOf(record({ state: 'passive' }), seen, self)).toEqual({ kind: 'free' });
    expect(holderOf(record({ node: 'gone' }), seen, self)).toEqual({ kind: 'free' });
    expect(holderOf(record({ node: 'me', incarnation: 3 }), seen, self)).toEqual({ kind: 'free' });
  });

  it('believes that an owner has ended whose node runs again, although epochs began anew since its record', () => {
    expect(holderOf(record({ node: 'me', incarnation: 3, epoch: 8 }), seen, self)).toEqual({ kind: 'free' });
    const again = placementView(view(member('a', { incarnation: 2 })), [], all);
    expect(holderOf(record({ incarnation: 1, epoch: 8 }), again, self)).toEqual({ kind: 'free' });
  });

  it('finds the owner while the view has that incarnation of it', () => {
    expect(holderOf(record(), seen, self)).toEqual({ kind: 'other', node: 'a', isReachable: true });
    expect(holderOf(record({ node: 'me', incarnation: 4 }), seen, self)).toEqual({ kind: 'self' });
  });

  it('finds the owner also where epochs began anew since its record', () => {
    expect(holderOf(record({ epoch: 8 }), seen, self)).toEqual({
      kind: 'other',
      node: 'a',
      isReachable: true,
    });
  });

  it('does not take an entity from an owner that this view does not know yet', () => {
    const late = { kind: 'other', isReachable: false };
    expect(holderOf(record({ node: 'new', epoch: 8 }), seen, self)).toEqual({ ...late, node: 'new' });
    expect(holderOf(record({ incarnation: 2 }), seen, self)).toEqual({ ...late, node: 'a' });
  });
});
