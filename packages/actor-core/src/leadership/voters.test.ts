import { describe, expect, it } from 'vitest';
import type { ManualClock } from '../testing/manual-clock.ts';
import { advance } from '../testing/settle.ts';
import { createTestHub, createTestNode, type TestHub, type TestNode } from '../testing/test-node.ts';
import { joinLeadership } from './join-leadership.ts';
import type { Leadership, Tenure } from './leadership.ts';
import { changeVoters, decideVoters, readVoters, replaceVoters } from './voters.ts';

interface Member {
  readonly node: TestNode;
  readonly leadership: Leadership;
}

interface Cluster {
  readonly hub: TestHub<ManualClock>;
  readonly members: Member[];
  readonly join: (nodeId: string, incarnation?: number) => Member;
  readonly pass: (ms: number) => Promise<void>;
}

async function cluster(names: readonly string[], voters: readonly string[] = names): Promise<Cluster> {
  const hub = createTestHub();
  const members: Member[] = [];
  const join = (nodeId: string, incarnation = 1): Member => {
    const node = createTestNode(hub, { nodeId, incarnation });
    const leadership = joinLeadership(node, { group: 'control', bootstrapVoters: voters });
    const member = { node, leadership };
    members.push(member);
    return member;
  };
  for (const name of names) join(name);
  const pass = (ms: number) => advance(hub.clock, ms, 50);
  await pass(6_000);
  return { hub, members, join, pass };
}

function leaderOf(members: readonly Member[]): Member {
  const leaders = members.filter(({ leadership }) => leadership.state() === 'leading');
  expect(leaders).toHaveLength(1);
  return leaders[0] as Member;
}

function tenureOf({ leadership }: Member): Tenure {
  const tenure = leadership.tenure();
  if (tenure === undefined) throw new Error('the node does not lead');
  return tenure;
}

describe('the voters of a cluster', () => {
  it('are recorded by the first candidate, and elect one of themselves', async () => {
    const { members } = await cluster(['a', 'b', 'c', 'd'], ['a', 'b', 'c']);
    const { node } = leaderOf(members);
    expect(['a', 'b', 'c']).toContain(node.nodeId);
    expect((await readVoters(node))?.voters).toEqual(['a', 'b', 'c']);
    expect(members.map(({ leadership }) => leadership.current()?.node)).toEqual(
      members.map(() => node.nodeId),
    );
  });

  it('are the first node alone by default, which leads at once', async () => {
    const hub = createTestHub();
    const node = createTestNode(hub, { nodeId: 'a', roles: ['host', 'voter'] });
    const leadership = joinLeadership(node, { group: 'control' });
    await advance(hub.clock, 1_000, 50);
    expect(leadership.state()).toBe('leading');
    expect((await readVoters(node))?.voters).toEqual(['a']);
  });

  it('are recorded, and elect, although the store answers nobody when all of them start', async () => {
    const hub = createTestHub();
    hub.logs.faults = () => 'away';
    const names = ['a', 'b', 'c'];
    const leaderships = names.map((nodeId) =>
      joinLeadership(createTestNode(hub, { nodeId }), { group: 'control', bootstrapVoters: names }),
    );
    await advance(hub.clock, 30_000, 50);
    expect(hub.logs.names).toEqual([]);
    hub.logs.faults = undefined;
    await advance(hub.clock, 10_000, 50);
    expect(leaderships.filter((leadership) => leadership.state() === 'leading')).toHaveLength(1);
  });

  it('are recorded although the log of the group is lost before', async () => {
    const hub = createTestHub();
    hub.logs.faults = ({ kind }) => (kind === 'append' ? 'away' : undefined);
    const leadership = joinLeadership(createTestNode(hub, { nodeId: 'a' }), { group: 'control' });
    await advance(hub.clock, 1_000, 50);
    hub.logs.wipe();
    hub.logs.faults = undefined;
    await advance(hub.clock, 15_000, 50);
    expect(leadership.state()).toBe('leading');
  });

  it('are sought no more by a node that has resigned', async () => {
    const hub = createTestHub();
    let operations = 0;
    hub.logs.faults = () => (operations++, 'away');
    const leadership = joinLeadership(createTestNode(hub, { nodeId: 'a' }), { group: 'control' });
    await advance(hub.clock, 10_000, 50);
    await leadership.resign();
    await advance(hub.clock, 10_000, 50);
    const before = operations;
    await advance(hub.clock, 20_000, 50);
    expect([before > 0, operations]).toEqual([true, before]);
  });

  it('replace a leader that was killed within 3 s, and one that says goodbye within 1 s', async () => {
    const { members, pass } = await cluster(['a', 'b', 'c']);
    const first = leaderOf(members);
    first.node.crash();
    await pass(3_000);
    const rest = members.filter((member) => member !== first);
    const second = leaderOf(rest);
    expect(tenureOf(second).term).toBeGreaterThan(1);
  });

  it('hand the leadership over in less than half a second when the leader resigns', async () => {
    const { members, pass } = await cluster(['a', 'b', 'c']);
    const first = leaderOf(members);
    await first.leadership.resign();
    await pass(500);
    leaderOf(members.filter((member) => member !== first));
  });

  it('elect nobody without a quorum; with it again, somebody', async () => {
    const { members, join, pass } = await cluster(['a', 'b', 'c']);
    const first = leaderOf(members);
    const others = members.filter((member) => member !== first);
    for (const { node } of others) node.crash();
    await pass(5_000);
    expect(first.leadership.tenure()).toBeUndefined();
    expect(first.leadership.state()).toBe('vacant');
    const back = join((others[0] as Member).node.nodeId, 2);
    await pass(8_000);
    leaderOf([first, back]);
  });

  it('are changed one at a time through the fence of the leader', async () => {
    const { members, join, pass } = await cluster(['a']);
    const first = leaderOf(members);
    const b = join('b');
    await pass(3_000);
    expect(b.leadership.state()).toBe('following');
    const tenure = tenureOf(first);
    expect(await changeVoters(first.node, tenure, { add: 'b' })).toMatchObject({ kind: 'written' });
    expect((await readVoters(b.node))?.voters).toEqual(['a', 'b']);
    await pass(3_000);
    expect(first.leadership.tenure()).toBe(tenure);
    expect(await changeVoters(first.node, tenure, { remove: 'a' })).toMatchObject({ kind: 'written' });
    await pass(6_000);
    expect(tenure.signal.aborted).toBe(true);
    expect(leaderOf(members)).toBe(b);
    expect(await changeVoters(first.node, tenure, { add: 'a' })).toMatchObject({ kind: 'deposed' });
  });

  it('that are gone for good are replaced without a leader', async () => {
    const { members, join, pass } = await cluster(['a']);
    (members[0] as Member).node.crash();
    const b = join('b');
    await pass(6_000);
    expect(b.leadership.state()).toBe('vacant');
    expect(await replaceVoters(b.node, ['b'])).toBe(true);
    await pass(3_000);
    expect(b.leadership.state()).toBe('leading');
  });

  it('hand the leadership to the voter that is named, and to no other node', async () => {
    const { members, pass } = await cluster(['a', 'b', 'c', 'd'], ['a', 'b', 'c']);
    const first = leaderOf(members);
    expect(await first.leadership.transfer('d')).toBe('refused');
    const to = members.find(({ node }) => node.nodeId !== first.node.nodeId) as Member;
    const outcome = first.leadership.transfer(to.node.nodeId);
    expect(first.leadership.state()).toBe('suspended');
    await pass(500);
    expect(await outcome).toBe('transferred');
    expect(leaderOf(members)).toBe(to);
    expect(await first.leadership.transfer(to.node.nodeId)).toBe('refused');
  });

  it('keep their leader when the one that should take over is gone', async () => {
    const { members, pass } = await cluster(['a', 'b', 'c']);
    const first = leaderOf(members);
    const to = members.find((member) => member !== first) as Member;
    to.node.crash();
    const outcome = first.leadership.transfer(to.node.nodeId);
    await pass(2_000);
    expect(await outcome).toBe('not-taken');
    expect(leaderOf(members.filter((member) => member !== to))).toBe(first);
  });
});

it.each([
  [['a'], { add: 'a' }, 'add'],
  [['a'], { add: 'B!' }, 'add'],
  [['a'], { remove: 'b' }, 'remove'],
] as const)('refuses to change the voters %j by %j', (voters, change, argument) => {
  expect(() => decideVoters(voters, change)).toThrow(expect.objectContaining({ argument }) as Error);
});

it('refuses to leave no voter, more than five, and one voter twice', async () => {
  const { members } = await cluster(['a']);
  const { node } = members[0] as Member;
  for (const voters of [[], ['a', 'b', 'c', 'd', 'e', 'f'], ['a', 'a']])
    await expect(replaceVoters(node, voters)).rejects.toMatchObject({ argument: 'voters' });
});
