import { pack, unpack } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { advance, settle } from '../testing/settle.ts';
import { Simulation } from '../testing/simulation.ts';
import { createTestHub, createTestNode, type TestNode } from '../testing/test-node.ts';
import { encodeSwim } from './swim/swim-codec.ts';

const states = (node: TestNode): Record<string, string> =>
  Object.fromEntries(node.presence.members().map((member) => [member.node, member.state]));

/** All changes to `unreachable` that any of the nodes sees. */
function wrongly(nodes: readonly TestNode[]): string[] {
  const seen: string[] = [];
  for (const node of nodes)
    node.presence.onChange((member) => {
      if (member.state === 'unreachable') seen.push(`${node.nodeId}: ${member.node}`);
    });
  return seen;
}

/** A node of 0.3.0: announces itself once a second, answers polls, and knows nothing else. */
function startOld(
  hub: ReturnType<typeof createTestHub>,
  node: string,
  incarnation = 1,
  { silentForMs = 0 }: { readonly silentForMs?: number } = {},
) {
  const transport = hub.bus.connect(node);
  const heard = new Map<string, readonly unknown[]>();
  const announce = (left = false) =>
    transport.publish(`d1.test.g.${node}`, new Uint8Array(pack([1, incarnation, 4711, ['host'], 3, left])));
  transport.subscribe('d1.test.g.*', ({ subject, payload }) =>
    heard.set(subject.slice('d1.test.g.'.length), unpack(payload) as unknown[]),
  );
  transport.subscribe('d1.test.poll.*', () => announce());
  const again = () => {
    announce();
    hub.clock.setTimer(1_000, again);
  };
  if (silentForMs === 0) again();
  else hub.clock.setTimer(silentForMs, again);
  transport.publish(`d1.test.poll.${node}`, new Uint8Array(0));
  return { transport, heard, announce };
}

const claim = (incarnation: number) => ({
  self: { incarnation, refutation: 0, metadataVersion: 1, lagMs: 0, metadata: new Uint8Array(0) },
  rumours: [],
  message: { kind: 'announce', isJoining: true } as const,
});

describe.each([1, 2, 3, 4, 5, 6, 7, 8])('with seed %i', (seed) => {
  async function settled() {
    const simulation = new Simulation(seed, { keepsSubjectOrder: true });
    const nodes = ['a', 'b', 'c', 'd', 'e'].map((nodeId) => simulation.startNode(nodeId));
    await simulation.run(10_000);
    const lost = wrongly(nodes);
    return { simulation, nodes, lost };
  }

  it('blocked main loops make nobody unreachable, and show as stalled', async () => {
    const { simulation, nodes, lost } = await settled();
    let stalls = 0;
    for (const node of nodes)
      node.presence.onChange(({ isStalled }) => {
        if (isStalled) stalls++;
      });
    for (let i = 0; i < 10; i++) {
      nodes[Math.floor(simulation.random.next() * nodes.length)]?.stall(5_000);
      await simulation.run(7_000);
    }
    expect(lost).toEqual([]);
    expect(stalls).toBeGreaterThan(9);
  });

  it('a server that stands still for 3 s makes nobody unreachable', async () => {
    const { simulation, lost } = await settled();
    for (let i = 0; i < 5; i++) {
      simulation.standStill(3_000);
      await simulation.run(12_000);
    }
    expect(lost).toEqual([]);
  });
});

describe('beside nodes of 0.3.0', () => {
  it('each side knows the other at once, whichever starts first', async () => {
    const hub = createTestHub();
    startOld(hub, 'old-1');
    await settle();
    const a = createTestNode(hub, { nodeId: 'a', incarnation: 9 });
    await settle();
    const { heard } = startOld(hub, 'old-2');
    await settle();
    expect(states(a)).toEqual({ a: 'alive', 'old-1': 'alive', 'old-2': 'alive' });
    expect(a.presence.member('old-1')).toMatchObject({ pid: 4_711, roles: ['host'], lagMs: 3 });
    // What a node of 0.3.0 reads: the version and the first five fields.
    expect(heard.get('a')?.slice(0, 6)).toEqual([1, 9, 1, ['host'], 0, false]);
  });

  it('knows one that is too busy after its start to announce itself for seconds', async () => {
    const hub = createTestHub();
    const a = createTestNode(hub, { nodeId: 'a' });
    await advance(hub.clock, 15_000, 100);
    startOld(hub, 'busy', 1, { silentForMs: 6_000 });
    await advance(hub.clock, 7_000, 100);
    expect(states(a)).toEqual({ a: 'alive', busy: 'alive' });
  });

  it('announces itself often enough for the 3 s that they allow', async () => {
    const hub = createTestHub();
    createTestNode(hub, { nodeId: 'a' });
    const { heard } = startOld(hub, 'old');
    for (let i = 0; i < 10; i++) {
      heard.clear();
      await advance(hub.clock, 1_500, 100);
      expect([...heard.keys()].toSorted()).toEqual(['a', 'old']);
    }
  });

  it('calls one that is silent for 3 s unreachable, and one that announces its end left', async () => {
    const hub = createTestHub();
    const a = createTestNode(hub, { nodeId: 'a' });
    const silent = startOld(hub, 'silent');
    const leaver = startOld(hub, 'leaver');
    await advance(hub.clock, 2_000, 100);
    silent.transport.disconnect();
    leaver.announce(true);
    await advance(hub.clock, 2_500, 100);
    expect(states(a)).toEqual({ a: 'alive', leaver: 'left', silent: 'alive' });
    await advance(hub.clock, 1_500, 100);
    expect(states(a)).toEqual({ a: 'alive', leaver: 'left', silent: 'unreachable' });
    silent.transport.reconnect();
    await advance(hub.clock, 1_500, 100);
    expect(states(a)).toMatchObject({ silent: 'alive' });
  });

  it('knows a node that is upgraded by its new incarnation', async () => {
    const hub = createTestHub();
    const a = createTestNode(hub, { nodeId: 'a' });
    const old = startOld(hub, 'b', 5);
    await settle();
    old.announce(true);
    await old.transport.close();
    createTestNode(hub, { nodeId: 'b', incarnation: 6, metadata: { version: '0.4.0' } });
    await settle();
    expect(a.presence.member('b')).toMatchObject({
      state: 'alive',
      incarnation: 6,
      metadata: { version: '0.4.0' },
    });
  });

  it('does not listen to announcements once nodes of 0.3.0 cannot be there', async () => {
    const hub = createTestHub();
    createTestNode(hub, { nodeId: 'a' });
    createTestNode(hub, { nodeId: 'b' });
    await advance(hub.clock, 3_000, 100);
    const received: string[] = [];
    hub.bus.fault = ({ subject, to, from }) => {
      if (subject.startsWith('d1.test.g.') && to !== from) received.push(subject);
      return 'deliver';
    };
    await advance(hub.clock, 5_000, 100);
    expect(received).toEqual([]);
  });
});

describe('a number from the future', () => {
  it('is not believed: the node is known as before', async () => {
    const hub = createTestHub();
    const a = createTestNode(hub, { nodeId: 'a' });
    createTestNode(hub, { nodeId: 'b' });
    await settle();
    hub.bus.connect('b').publish(a.subjects.gossip('b'), encodeSwim(claim(Number.MAX_SAFE_INTEGER)));
    await advance(hub.clock, 5_000, 100);
    expect(a.presence.member('b')).toMatchObject({ state: 'alive', incarnation: 1 });
  });

  it('of another node in a rumour is asked of that node, and forgotten', async () => {
    const hub = createTestHub();
    const a = createTestNode(hub, { nodeId: 'a' });
    createTestNode(hub, { nodeId: 'b' });
    createTestNode(hub, { nodeId: 'c' });
    await settle();
    const rumour = {
      node: 'b',
      incarnation: 2 ** 50,
      refutation: 0,
      status: 'unreachable',
      accuser: 'c',
    } as const;
    const envelope = { ...claim(1), rumours: [rumour], message: { kind: 'gossip' } as const };
    hub.bus.connect('c').publish(a.subjects.inbox('a', 'swim', 'c'), encodeSwim(envelope));
    await advance(hub.clock, 10_000, 100);
    expect(a.presence.member('b')).toMatchObject({ state: 'alive', incarnation: 1 });
  });
});

describe('a process in an earlier incarnation than the others know', () => {
  it('is told so and ends, instead of being ignored in silence', async () => {
    const hub = createTestHub();
    const others = ['a', 'b', 'c'].map((nodeId) => createTestNode(hub, { nodeId }));
    const later = createTestNode(hub, { nodeId: 'd', incarnation: 8 });
    await settle();
    later.crash();
    const d = createTestNode(hub, { nodeId: 'd', incarnation: 7 });
    await advance(hub.clock, 3_000, 100);
    await expect(d.system.terminated).resolves.toMatchObject({
      code: 'node-outdated',
      incarnation: 7,
      known: 8,
    });
    expect(others[0]?.presence.member('d')?.incarnation).toBe(8);
  });

  it('goes on when one member alone says so', async () => {
    const hub = createTestHub();
    const d = createTestNode(hub, { nodeId: 'd', incarnation: 7 });
    for (const nodeId of ['a', 'b', 'c']) createTestNode(hub, { nodeId });
    await settle();
    const rumour = { node: 'd', incarnation: 9, refutation: 0, status: 'unreachable', accuser: 'a' } as const;
    const self = { incarnation: 1, refutation: 0, metadataVersion: 1, lagMs: 0 };
    const message = { kind: 'gossip' } as const;
    const lie = encodeSwim({ self, rumours: [rumour], message });
    for (let i = 0; i < 20; i++) hub.bus.connect('a').publish(d.subjects.inbox('d', 'swim', 'a'), lie);
    await advance(hub.clock, 5_000, 100);
    expect(d.system.inspect()).toBeDefined();
    let hasEnded = false;
    void d.system.terminated.then(() => (hasEnded = true));
    await settle();
    expect(hasEnded).toBe(false);
  });
});
