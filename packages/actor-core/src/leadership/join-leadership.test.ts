import { describe, expect, it } from 'vitest';
import type { RuntimeEvent } from '../actor/runtime-event.ts';
import { InvalidArgumentError, StoreUnavailableError } from '../errors.ts';
import type { ManualClock } from '../testing/manual-clock.ts';
import { advance } from '../testing/settle.ts';
import { createTestHub, createTestNode, type TestHub, type TestNode } from '../testing/test-node.ts';
import { joinLeadership } from './join-leadership.ts';
import type { Leadership, Tenure } from './leadership.ts';

interface Candidate {
  readonly node: TestNode;
  readonly leadership: Leadership;
}

async function group(
  names: string[],
): Promise<{ hub: TestHub<ManualClock>; candidates: Candidate[]; pass: (ms: number) => Promise<void> }> {
  const hub = createTestHub();
  const candidates = names.map((nodeId) => {
    const node = createTestNode(hub, { nodeId });
    return { node, leadership: joinLeadership(node, { group: 'g' }) };
  });
  await advance(hub.clock, 1_000, 50);
  return { hub, candidates, pass: (ms) => advance(hub.clock, ms, 50) };
}

const leaders = (candidates: Candidate[]) =>
  candidates
    .filter(({ leadership }) => leadership.tenure()?.isTrusted() === true)
    .map(({ node }) => node.nodeId);

const record = { subject: 'd1.test.ctl.g.x', payload: new Uint8Array(1) };

function tenureOf({ leadership }: Candidate): Tenure {
  const tenure = leadership.tenure();
  if (tenure === undefined) throw new Error('the node does not lead');
  return tenure;
}

function leaderOf(candidates: Candidate[]): Candidate {
  const found = candidates.find(({ leadership }) => leadership.tenure()?.isTrusted() === true);
  if (found === undefined) throw new Error('there is no leader');
  return found;
}

describe('a group', () => {
  it('has one leader, known to all', async () => {
    const { candidates } = await group(['a', 'b', 'c']);
    expect(leaders(candidates)).toHaveLength(1);
    expect(new Set(candidates.map(({ leadership }) => leadership.current()?.fence)).size).toBe(1);
  });

  it('has a new leader within 4 s of a crash, and within 1 s of an orderly end', async () => {
    const { candidates, pass } = await group(['a', 'b', 'c']);
    const first = leaderOf(candidates);
    first.node.crash();
    const rest = candidates.filter((candidate) => candidate !== first);
    await pass(4_000);
    const second = leaderOf(rest);
    expect(second.leadership.current()?.term).toBe(2);
    await Promise.all([second.leadership.resign(), second.node.leave(), pass(1_000)]);
    expect(leaders(rest.filter((candidate) => candidate !== second))).toHaveLength(1);
  });

  it('tells who took over from whom, and nothing about its first leader', async () => {
    const { candidates, pass } = await group(['a', 'b', 'c']);
    const told: RuntimeEvent[] = [];
    for (const { node } of candidates) node.system.onEvent((event) => told.push(event));
    const first = leaderOf(candidates);
    first.node.crash();
    const rest = candidates.filter((candidate) => candidate !== first);
    await pass(4_000);
    const evidence = { from: first.node.nodeId, to: leaderOf(rest).node.nodeId, term: 2 };
    expect(told).toContainEqual(expect.objectContaining({ action: 're-elect', subject: 'group g' }));
    expect(told.find(({ type }) => type === 'remedy')).toMatchObject({ evidence });
  });

  it('never has two leaders that may act while one is disconnected, and refuses writes of the old tenure', async () => {
    const { candidates, pass } = await group(['a', 'b']);
    const old = leaderOf(candidates);
    const tenure = tenureOf(old);
    old.node.transport.disconnect();
    for (let i = 0; i < 100; i++) {
      await pass(50);
      expect(leaders(candidates).length).toBeLessThanOrEqual(1);
    }
    expect(leaders(candidates)).toEqual([candidates.find((candidate) => candidate !== old)?.node.nodeId]);
    expect(await tenure.write(record)).toMatchObject({ kind: 'deposed' });
    expect(tenure.signal.aborted).toBe(true);
    old.node.transport.reconnect();
    await pass(1_000);
    expect(old.leadership.current()?.term).toBe(2);
  });

  it('suspends a leader while the store is unavailable, and does not depose it', async () => {
    const { hub, candidates, pass } = await group(['a', 'b']);
    const leader = leaderOf(candidates);
    const tenure = tenureOf(leader);
    hub.logs.faults = () => 'away';
    const refused = expect(tenure.write(record)).rejects.toBeInstanceOf(StoreUnavailableError);
    await pass(10_000);
    await refused;
    expect(leaders(candidates)).toEqual([leader.node.nodeId]);
    expect(leader.leadership.state()).toBe('suspended');
    expect(tenure.mayAct()).toBe(false);
    hub.logs.faults = undefined;
    await pass(2_000);
    expect(leader.leadership.state()).toBe('leading');
    expect(await tenure.write(record)).toMatchObject({ kind: 'written' });
    expect(leader.leadership.tenure()?.term).toBe(1);
  });

  it('has ended the tenure when a rejected write is reported', async () => {
    const { hub, candidates } = await group(['a', 'b']);
    const leader = leaderOf(candidates);
    const tenure = tenureOf(leader);
    await hub.logs.connect('x').append('CTL_test_G_g', {
      subject: 'd1.test.ctl.g.lead',
      payload: new TextEncoder().encode('{"leader":"x","incarnation":1,"term":9}'),
    });
    expect(await tenure.write(record)).toMatchObject({ kind: 'deposed' });
    expect(tenure.signal.aborted).toBe(true);
    expect(leader.leadership.tenure()).toBeUndefined();
  });

  it('recovers when writes are performed but not confirmed', async () => {
    const hub = createTestHub();
    const node = createTestNode(hub, { nodeId: 'a' });
    const leadership = joinLeadership(node, { group: 'g' });
    await node.storage.log.ensure({ name: 'CTL_test_G_g', subjects: ['d1.test.ctl.g.>'] });
    hub.logs.faults = () => 'reply-lost';
    await advance(hub.clock, 3_000, 50);
    expect(leadership.state()).toBe('vacant');
    hub.logs.faults = undefined;
    await advance(hub.clock, 3_000, 50);
    expect(leadership.state()).toBe('leading');
  });

  it('leads with a new lead record although it reads one of its own, of which it never learnt the outcome', async () => {
    const hub = createTestHub();
    const accepted: number[] = [];
    hub.logs.onAccepted((_, { subject, sequence }) => {
      if (subject.endsWith('.lead')) accepted.push(sequence);
    });
    hub.logs.faults = ({ kind }) =>
      accepted.length > 0 ? 'away' : kind === 'append' ? 'reply-lost' : undefined;
    const leadership = joinLeadership(createTestNode(hub, { nodeId: 'a' }), { group: 'g' });
    await advance(hub.clock, 10_000, 50);
    expect([accepted.length, leadership.tenure()]).toEqual([1, undefined]);
    hub.logs.faults = undefined;
    await advance(hub.clock, 10_000, 50);
    expect([accepted.length, leadership.tenure()?.fence.sequence]).toEqual([2, accepted[1]]);
  });

  it('is independent of the group of the same name in another cell of the NATS account', async () => {
    const hub = createTestHub();
    const cells = ['red', 'blue'].map((cell) => {
      const node = createTestNode({ ...hub, cell }, { nodeId: `${cell}-a` });
      return joinLeadership(node, { group: 'g' });
    });
    await advance(hub.clock, 1_000, 50);
    expect(cells.map((leadership) => leadership.current()?.node)).toEqual(['red-a', 'blue-a']);
    expect(cells.map((leadership) => leadership.tenure()?.isTrusted() === true)).toEqual([true, true]);
  });

  it('is followed on the leading node itself by a member that is no candidate', async () => {
    const hub = createTestHub();
    const node = createTestNode(hub, { nodeId: 'a' });
    const leading = joinLeadership(node, { group: 'g' });
    const following = joinLeadership(node, { group: 'g', candidate: false });
    await advance(hub.clock, 2_000, 50);
    expect(leading.state()).toBe('leading');
    expect(following.state()).toBe('following');
    expect(following.current()).toEqual(leading.current());
    await leading.resign();
    await advance(hub.clock, 100, 50);
    expect(following.current()).toBeUndefined();
  });

  it('accepts one candidate per node, because two would lead under one fence', async () => {
    const hub = createTestHub();
    const node = createTestNode(hub, { nodeId: 'a' });
    const first = joinLeadership(node, { group: 'g' });
    expect(() => joinLeadership(node, { group: 'g' })).toThrow(InvalidArgumentError);
    await first.resign();
    expect(() => joinLeadership(node, { group: 'g' })).not.toThrow();
  });
});
