import { describe, expect, it } from 'vitest';
import { createFence } from '../fence/fence.ts';
import {
  beginEntity,
  decideEntity,
  type EntityEvent,
  type EntityFacts,
  type EntityState,
} from './decide-entity.ts';
import type { EntityPlace } from './entity-store.ts';

const place: EntityPlace = { log: 'LOG', owner: 'own', subject: (...tokens) => tokens.join('.') };
const fence = createFence('LOG', 'own', 9);
const facts: EntityFacts = {
  nowMs: 1_000,
  nodeId: 'me',
  mayHold: true,
  placed: 'me',
  isPlacedReachable: true,
  waiting: 1,
  isTired: false,
  isLasting: false,
};
const free = { sequence: 4, record: undefined };
const looked = (holder: Extract<EntityEvent, { type: 'looked' }>['holder']): EntityEvent => ({
  type: 'looked',
  place,
  seen: free,
  holder,
});
const looking = beginEntity(undefined).state as EntityState;
const claiming: EntityState = { ...looking, phase: 'claiming' };
const active: EntityState = { ...looking, phase: 'active', fence };
const releasing: EntityState = { ...active, phase: 'releasing', plan: 'passive' };

function next(state: EntityState, event: EntityEvent, more: Partial<EntityFacts> = {}) {
  const decision = decideEntity(state, event, { ...facts, ...more });
  return { phase: decision.state?.phase, does: decision.effects.map((effect) => effect.do), ...decision };
}

describe('an entity on one node', () => {
  it('is looked for with its first message', () => {
    expect(beginEntity(undefined)).toMatchObject({ state: { phase: 'looking' }, effects: [{ do: 'look' }] });
  });

  it('is claimed where it is free and placed here, and starts only after the claim', () => {
    expect(next(looking, looked({ kind: 'free' }))).toMatchObject({ phase: 'claiming', does: ['claim'] });
    expect(next(claiming, { type: 'claimed', fence })).toMatchObject({ phase: 'active', does: ['start'] });
  });

  it('is forwarded to its owner, or to the node that the placement names', () => {
    const owned = looked({ kind: 'other', node: 'b', isReachable: true });
    expect(next(looking, owned)).toMatchObject({ phase: undefined, effects: [{ do: 'forward', node: 'b' }] });
    expect(next(looking, looked({ kind: 'free' }), { placed: 'c' })).toMatchObject({
      phase: undefined,
      effects: [{ do: 'forward', node: 'c' }],
    });
  });

  it('waits while its owner, or the node that the placement names, cannot be reached', () => {
    const owned = looked({ kind: 'other', node: 'b', isReachable: false });
    expect(next(looking, owned)).toMatchObject({ phase: 'waiting', does: [] });
    const elsewhere = { placed: 'c', isPlacedReachable: false };
    expect(next(looking, looked({ kind: 'free' }), elsewhere)).toMatchObject({ phase: 'waiting', does: [] });
  });

  it('is claimed here after too many forwards, and waits where an owner is named again', () => {
    const tired = { isTired: true, placed: 'c' };
    expect(next(looking, looked({ kind: 'free' }), tired)).toMatchObject({ does: ['claim'] });
    const owned = looked({ kind: 'other', node: 'b', isReachable: true });
    expect(next(looking, owned, tired)).toMatchObject({ phase: 'waiting', does: ['forward'] });
  });

  it('looks again after a lost claim, and pauses after several', () => {
    let state = claiming;
    for (const phase of ['looking', 'looking', 'waiting']) {
      const decision = next(state, { type: 'claim-lost' });
      expect(decision.phase).toBe(phase);
      state = { ...(decision.state as EntityState), phase: 'claiming' };
    }
  });

  it('waits longer after each failure of the store', () => {
    const first = next(looking, { type: 'store-failed' }).state as EntityState;
    const second = next({ ...first, phase: 'looking' }, { type: 'store-failed' }).state as EntityState;
    expect(second.dueAtMs - facts.nowMs).toBeGreaterThan(first.dueAtMs - facts.nowMs);
    expect(next(first, { type: 'tick' })).toMatchObject({ phase: 'waiting' });
    expect(next(first, { type: 'tick' }, { nowMs: first.dueAtMs })).toMatchObject({ does: ['look'] });
  });

  it('is forgotten once nothing waits for it', () => {
    const waiting: EntityState = { ...looking, phase: 'waiting' };
    expect(next(waiting, { type: 'tick' }, { waiting: 0 }).state).toBeUndefined();
  });

  it('is given up only after its actor has stopped', () => {
    const stopping = next(active, { type: 'end', plan: 'moving' });
    expect(stopping).toMatchObject({ phase: 'stopping', does: ['stop'] });
    const released = next(stopping.state as EntityState, { type: 'ended', isFailed: false });
    expect(released).toMatchObject({ phase: 'releasing', effects: [{ do: 'release', state: 'moving' }] });
  });

  it('writes nothing once it is lost', () => {
    const lost = next(active, { type: 'end', plan: 'lost' }).state as EntityState;
    expect(next(lost, { type: 'ended', isFailed: false })).toMatchObject({ does: ['report', 'look'] });
    expect(next(lost, { type: 'ended', isFailed: false }, { waiting: 0 })).toMatchObject({
      state: undefined,
      does: ['report'],
    });
  });

  it('is looked for again when messages came while it stopped', () => {
    expect(next(releasing, { type: 'released', isOwn: true })).toMatchObject({ does: ['report', 'look'] });
    expect(next(releasing, { type: 'released', isOwn: true }, { waiting: 0 }).state).toBeUndefined();
  });

  it('starts elsewhere after a move, also without a message', () => {
    const moving: EntityState = { ...releasing, plan: 'moving' };
    const moved = next(moving, { type: 'released', isOwn: true }, { waiting: 0 });
    expect(moved).toMatchObject({ phase: 'looking', state: { intent: 'start' } });
    expect(next(moved.state as EntityState, looked({ kind: 'free' }), { placed: 'c' })).toMatchObject({
      effects: [{ do: 'forward', node: 'c', intent: 'start' }],
    });
  });

  it('pauses after it failed too often', () => {
    const failed = next(active, { type: 'ended', isFailed: true });
    expect(failed).toMatchObject({ phase: 'releasing', state: { plan: 'failed' } });
    const paused = next(failed.state as EntityState, { type: 'released', isOwn: true });
    expect(paused).toMatchObject({ phase: 'waiting', does: ['report'] });
    expect(next(paused.state as EntityState, { type: 'tick' })).toMatchObject({ phase: 'waiting' });
  });

  it('repeats a release that failed, and leaves the record after several attempts', () => {
    let state = releasing;
    for (let attempt = 1; attempt < 6; attempt++) {
      const failed = next(state, { type: 'store-failed' });
      expect(failed.phase).toBe('releasing');
      state = next(failed.state as EntityState, { type: 'tick' }, { nowMs: 1e9 }).state as EntityState;
    }
    expect(next(state, { type: 'store-failed' }, { waiting: 0 }).state).toBeUndefined();
  });

  it('is removed under a fence of its own', () => {
    const wanted = beginEntity('remove').state as EntityState;
    const claimed = next({ ...wanted, phase: 'claiming' }, { type: 'claimed', fence });
    expect(claimed).toMatchObject({ effects: [{ do: 'release', state: 'removed' }] });
    const removed = next(claimed.state as EntityState, { type: 'released', isOwn: true }, { waiting: 0 });
    expect(removed.state).toBeUndefined();
  });

  it('is claimed by its owner, which may no longer hold it, to be given up', () => {
    const elsewhere = { mayHold: false, placed: 'c' };
    expect(next(looking, looked({ kind: 'self' }), elsewhere)).toMatchObject({ does: ['claim'] });
  });

  it('is given up at once by a node that may no longer hold it', () => {
    expect(next(claiming, { type: 'claimed', fence }, { mayHold: false })).toMatchObject({
      effects: [{ do: 'release', state: 'moving' }],
    });
  });
});
