import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../random/seeded-random.ts';
import { lanProfile } from './swim-config.ts';
import type { Rumour, SelfClaim, SwimEnvelope, SwimMessage } from './swim-message.ts';
import { createSwim, type SwimEffect, type SwimState } from './swim-state.ts';
import { announceSwim, decideSwim, wakeAtMs } from './swim.ts';

const gossip: SwimMessage = { kind: 'gossip' };

function claim(changes: Partial<SelfClaim> = {}): SelfClaim {
  return {
    incarnation: 1,
    refutation: 0,
    metadataVersion: 1,
    lagMs: 0,
    metadata: Uint8Array.of(1),
    ...changes,
  };
}

function rumour(node: string, status: Rumour['status'], changes: Partial<Rumour> = {}): Rumour {
  return { node, status, incarnation: 1, refutation: 0, accuser: 'c', ...changes };
}

/** A detector `a` that knows `b`, `c` and `d`, and what it does when something arrives. */
function setup(): {
  readonly state: SwimState;
  readonly receive: (from: string, envelope: Partial<SwimEnvelope>, nowMs?: number) => readonly SwimEffect[];
  /** Wakes it as often as it asks, until `untilMs`. */
  readonly runUntil: (untilMs: number) => readonly SwimEffect[];
} {
  const random = seededRandom(1);
  const state = createSwim(
    { node: 'a', incarnation: 5, metadata: Uint8Array.of(9), config: lanProfile, random },
    0,
  );
  const receive = (from: string, envelope: Partial<SwimEnvelope>, nowMs = 0): readonly SwimEffect[] =>
    decideSwim(
      state,
      { kind: 'received', from, envelope: { self: claim(), rumours: [], message: gossip, ...envelope } },
      nowMs,
    );
  const runUntil = (untilMs: number): readonly SwimEffect[] => {
    const effects: SwimEffect[] = [];
    while (wakeAtMs(state) <= untilMs) {
      const nowMs = wakeAtMs(state);
      for (const effect of decideSwim(state, { kind: 'tick' }, nowMs)) {
        effects.push(effect);
        // NATS carries everything at once.
        if (effect.kind === 'send' && effect.to === 'a')
          decideSwim(state, { kind: 'received', from: 'a', envelope: effect.envelope }, nowMs);
      }
    }
    return effects;
  };
  for (const node of ['b', 'c', 'd']) receive(node, {});
  return { state, receive, runUntil };
}

function statusOf(state: SwimState, node: string): string | undefined {
  return state.members.get(node)?.status;
}

describe('a member is known', () => {
  it('from its own message, with its metadata', () => {
    const { state, receive } = setup();
    const effects = receive('e', { self: claim({ metadata: Uint8Array.of(7) }) });
    expect(statusOf(state, 'e')).toBe('alive');
    expect(state.members.get('e')?.metadata).toEqual(Uint8Array.of(7));
    expect(effects).toMatchObject([{ kind: 'changed', member: { node: 'e' }, was: undefined }]);
  });

  it('not from what another member says: it is asked first', () => {
    const { state, receive, runUntil } = setup();
    receive('b', { rumours: [rumour('e', 'alive')] });
    expect(statusOf(state, 'e')).toBeUndefined();
    expect(runUntil(lanProfile.gossipIntervalMs)).toContainEqual(
      expect.objectContaining({
        kind: 'send',
        to: 'e',
        envelope: expect.objectContaining({ message: expect.objectContaining({ kind: 'ping' }) }),
      }),
    );
  });

  it('in its newest incarnation only', () => {
    const { state, receive } = setup();
    receive('b', { self: claim({ incarnation: 3 }) });
    receive('b', { self: claim({ incarnation: 2, refutation: 9 }) });
    expect(state.members.get('b')).toMatchObject({ incarnation: 3, refutation: 0 });
  });

  it('to have left by the statement of others only after it had the time of a suspicion to refute', () => {
    const { state, receive } = setup();
    const lies = [rumour('b', 'unreachable'), rumour('b', 'left')];
    receive('c', { rumours: lies });
    expect(statusOf(state, 'b')).toBe('unreachable');
    receive('b', { self: claim({ refutation: 1 }) }, 100);
    receive('c', { rumours: lies }, 10_000);
    expect(statusOf(state, 'b')).toBe('alive');
    receive('c', { rumours: [rumour('d', 'unreachable')] });
    receive('c', { rumours: [rumour('d', 'left')] }, 10_000);
    expect(statusOf(state, 'd')).toBe('left');
  });

  it('until it says that it leaves; a late message of that incarnation changes nothing', () => {
    const { state, receive } = setup();
    receive('b', { message: { kind: 'leave' } });
    receive('b', {});
    expect(statusOf(state, 'b')).toBe('left');
    receive('b', { self: claim({ incarnation: 2 }) });
    expect(statusOf(state, 'b')).toBe('alive');
  });
});

describe('a suspicion', () => {
  it('starts with a lost probe and ends as unreachable when nothing arrives', () => {
    const { state, runUntil } = setup();
    runUntil(60_000);
    expect([...state.members.values()].map(({ status }) => status)).toEqual([
      'unreachable',
      'unreachable',
      'unreachable',
    ]);
  });

  it('ends when the member refutes it by a higher number', () => {
    const { state, receive } = setup();
    receive('c', { rumours: [rumour('b', 'suspect')] });
    expect(statusOf(state, 'b')).toBe('suspect');
    receive('b', { self: claim({ refutation: 1 }) });
    expect(statusOf(state, 'b')).toBe('alive');
  });

  it('of an older version changes nothing', () => {
    const { state, receive } = setup();
    receive('b', { self: claim({ refutation: 1 }) });
    receive('c', { rumours: [rumour('b', 'suspect'), rumour('b', 'unreachable')] });
    expect(statusOf(state, 'b')).toBe('alive');
  });

  it('of this node is refuted at once and to everybody', () => {
    const { state, receive } = setup();
    const effects = receive('c', { rumours: [rumour('a', 'suspect', { incarnation: 5 })] });
    expect(state.self.refutation).toBe(1);
    expect(effects).toMatchObject([
      { kind: 'broadcast', envelope: { self: { refutation: 1 }, message: { kind: 'announce' } } },
    ]);
  });

  it('of a version of this node that never was is ignored', () => {
    const { state, receive } = setup();
    receive('c', { rumours: [rumour('a', 'suspect', { incarnation: 5, refutation: 2 ** 40 })] });
    receive('c', { rumours: [rumour('a', 'suspect', { incarnation: 2 ** 40 })] });
    expect(state.self).toMatchObject({ incarnation: 5, refutation: 0 });
  });

  it('travels with every message to the suspected member', () => {
    const { receive } = setup();
    receive('c', { rumours: [rumour('b', 'suspect')] });
    const effects = receive('b', { message: { kind: 'ping', sequence: 1, metadataVersion: 1 } });
    expect(effects).toMatchObject([
      { kind: 'send', to: 'b', envelope: { rumours: [{ node: 'b', status: 'suspect' }] } },
    ]);
  });
});

describe('a claim about a newer version of a member', () => {
  it('is not believed while the member answers for itself', () => {
    const { state, receive, runUntil } = setup();
    receive('c', { rumours: [rumour('b', 'unreachable', { refutation: 7 })] });
    runUntil(lanProfile.gossipIntervalMs);
    receive('b', { message: { kind: 'ack', sequence: 1 } }, lanProfile.gossipIntervalMs + 5);
    runUntil(1_500);
    expect(statusOf(state, 'b')).not.toBe('unreachable');
    expect(state.members.get('b')?.refutation).toBe(0);
  });

  it('is believed when the member does not answer, for the version that is known', () => {
    const { state, receive, runUntil } = setup();
    receive('c', { rumours: [rumour('b', 'unreachable', { refutation: 7 })] });
    runUntil(1_500);
    expect(state.members.get('b')).toMatchObject({ status: 'unreachable', refutation: 0 });
  });
});

describe('a round of probes', () => {
  it.each([
    ['b', ['c', 'd']],
    ['c', ['b', 'd']],
    ['d', ['b', 'c']],
  ])('begins with the member that was silent for the longest time (%s)', (silent, others) => {
    const { state, receive } = setup();
    for (const node of others) receive(node, {}, 100);
    decideSwim(state, { kind: 'tick' }, state.probeAtMs);
    expect(state.probe?.node).toBe(silent);
  });

  it('probes each member once, whoever was silent', () => {
    const { state, receive, runUntil } = setup();
    const probed: string[] = [];
    for (let i = 0; i < 6; i++) {
      const nowMs = state.probeAtMs;
      runUntil(nowMs);
      const { node, sequence } = state.probe ?? { node: '', sequence: 0 };
      probed.push(node);
      receive(node, { message: { kind: 'ack', sequence } }, nowMs);
      // d talks the whole time.
      receive('d', {}, nowMs);
    }
    expect(probed.slice(0, 3).toSorted()).toEqual(['b', 'c', 'd']);
    expect(probed.slice(3).toSorted()).toEqual(['b', 'c', 'd']);
  });
});

describe('NATS', () => {
  it('that carries nothing for this node makes nobody suspect', () => {
    const { state } = setup();
    for (let nowMs = wakeAtMs(state); nowMs < 60_000; nowMs = wakeAtMs(state))
      decideSwim(state, { kind: 'tick' }, nowMs);
    expect([...state.members.values()].every(({ status }) => status === 'alive')).toBe(true);
  });

  it('that refuses two questions in a row makes a member unreachable at once, and everybody learns of it', () => {
    const { state, runUntil } = setup();
    const afterGraceMs = lanProfile.reconnectGraceMs + 1;
    for (const node of ['b', 'c', 'd'])
      (state.members.get(node) as { receivedAtMs: number }).receivedAtMs = afterGraceMs;
    const refuse = (untilMs: number): readonly SwimEffect[] => {
      const knocks = runUntil(untilMs).flatMap((effect) =>
        effect.kind === 'knock' ? [[effect.to, effect.sequence] as const] : [],
      );
      const [to, sequence] = knocks.at(-1) as readonly [string, number];
      return decideSwim(state, { kind: 'refused', to, sequence }, untilMs);
    };
    runUntil(afterGraceMs);
    expect(refuse(afterGraceMs + 260)).toEqual([]);
    expect(refuse(afterGraceMs + 520)).toMatchObject([
      { kind: 'changed', member: { node: 'b', status: 'unreachable' } },
      { kind: 'broadcast', envelope: { rumours: [{ node: 'b', status: 'unreachable' }] } },
    ]);
  });
});

it('stops when a newer process announces itself under this id', () => {
  const { state, receive } = setup();
  expect(receive('a', { self: claim({ incarnation: 6 }) })).toEqual([
    { kind: 'replaced', incarnation: 6, metadata: Uint8Array.of(1) },
  ]);
  expect(decideSwim(state, { kind: 'tick' }, 1_000)).toEqual([]);
});

it('announces itself again, about once a second, while it hears nobody', () => {
  const { state, runUntil } = setup();
  const announced = (untilMs: number) =>
    runUntil(untilMs).filter(
      (effect) => effect.kind === 'broadcast' && effect.envelope.message.kind === 'announce',
    );
  for (const node of ['b', 'c', 'd']) decideSwim(state, { kind: 'forget', node, incarnation: 1 }, 0);
  const alone = announced(10_000);
  expect(alone.length).toBeGreaterThanOrEqual(5);
  expect(alone[0]).toMatchObject({ envelope: { message: { isJoining: true } } });
});

it('tells a newcomer everything in its announcement', () => {
  const { state } = setup();
  expect(announceSwim(state)).toMatchObject([
    { kind: 'broadcast', envelope: { self: { incarnation: 5, metadata: Uint8Array.of(9) } } },
  ]);
});
