import { describe, expect, it } from 'vitest';
import { encodeAnnouncement } from './announcement.ts';
import { advance, settle } from '../testing/settle.ts';
import { createTestHub, createTestNode, type TestNode } from '../testing/test-node.ts';

function states(node: TestNode): Record<string, string> {
  return Object.fromEntries(node.presence.members().map((member) => [member.node, member.state]));
}

describe('presence', () => {
  it('knows the other nodes at once, with roles and incarnation', async () => {
    const hub = createTestHub();
    const a = createTestNode(hub, { nodeId: 'a', roles: ['gateway'] });
    const b = createTestNode(hub, { nodeId: 'b', incarnation: 5 });
    await settle();
    expect(states(a)).toEqual({ a: 'alive', b: 'alive' });
    expect(b.presence.member('a')).toMatchObject({ roles: ['gateway'], incarnation: 1, ageMs: 0 });
    expect(a.presence.member('b')?.incarnation).toBe(5);
  });

  it('reports a node whose connections are gone at once, and its return', async () => {
    const hub = createTestHub();
    const a = createTestNode(hub, { nodeId: 'a' });
    const b = createTestNode(hub, { nodeId: 'b' });
    const changes: string[] = [];
    a.presence.onChange(({ node, state }) => changes.push(`${node} ${state}`));
    await advance(hub.clock, 1_000, 100);
    expect(changes).toEqual(['b alive']);
    b.transport.disconnect();
    await advance(hub.clock, 800, 100);
    expect(changes).toEqual(['b alive', 'b unreachable']);
    await advance(hub.clock, 3_000, 100);
    b.transport.reconnect();
    await settle();
    expect(changes).toEqual(['b alive', 'b unreachable', 'b alive']);
  });

  it('shows a node as left when it announces its end, and as alive in its next incarnation', async () => {
    const hub = createTestHub();
    const a = createTestNode(hub, { nodeId: 'a' });
    const b = createTestNode(hub, { nodeId: 'b' });
    await settle();
    await b.leave();
    await settle();
    expect(states(a)).toEqual({ a: 'alive', b: 'left' });
    createTestNode(hub, { nodeId: 'b', incarnation: 2 });
    await settle();
    expect(states(a)).toEqual({ a: 'alive', b: 'alive' });
  });

  it('ignores an announcement that arrives after its node left', async () => {
    const hub = createTestHub();
    const a = createTestNode(hub, { nodeId: 'a' });
    const b = createTestNode(hub, { nodeId: 'b' });
    await settle();
    const changes: string[] = [];
    a.presence.onChange(({ node, state }) => changes.push(`${node} ${state}`));
    await b.leave();
    await settle();
    const late = encodeAnnouncement({ incarnation: 1, pid: 1, roles: ['host'], lagMs: 0, left: false });
    hub.bus.connect('b').publish(a.subjects.presence('b'), late);
    await settle();
    expect(states(a)).toEqual({ a: 'alive', b: 'left' });
    expect(changes).toEqual(['b left']);
  });

  it('does not count silence while disconnected, and grants a grace period after the reconnect', async () => {
    const hub = createTestHub();
    const a = createTestNode(hub, { nodeId: 'a' });
    const b = createTestNode(hub, { nodeId: 'b' });
    await advance(hub.clock, 1_000, 100);
    hub.bus.disconnectAll();
    await advance(hub.clock, 30_000, 250);
    expect(states(a)).toEqual({ a: 'alive', b: 'alive' });
    a.transport.reconnect();
    await advance(hub.clock, 2_500, 100);
    expect(states(a)).toEqual({ a: 'alive', b: 'alive' });
    b.transport.reconnect();
    await advance(hub.clock, 5_000, 100);
    expect(states(a)).toEqual({ a: 'alive', b: 'alive' });
  });

  it('does not count its own stall as silence of other nodes, and reports it as lag', async () => {
    const hub = createTestHub();
    const a = createTestNode(hub, { nodeId: 'a' });
    const b = createTestNode(hub, { nodeId: 'b' });
    await advance(hub.clock, 1_000, 100);
    // All timers of these 8 s fire late and at once, while the announcements are still unread.
    const { clock } = hub;
    const late = clock.now() + 8_000;
    clock.advance(0);
    Object.defineProperty(clock, 'now', {
      value: () => Math.max(late, clock.wallNow() - 1_767_225_600_000),
      configurable: true,
    });
    await advance(clock, 300, 100);
    expect(states(a)).toEqual({ a: 'alive', b: 'alive' });
    await advance(clock, 1_000, 100);
    expect(b.presence.member('a')?.lagMs).toBeGreaterThan(5_000);
  });

  it('ignores announcements that it cannot read', async () => {
    const hub = createTestHub();
    const a = createTestNode(hub, { nodeId: 'a' });
    const stranger = hub.bus.connect('stranger');
    for (const noise of [[], [1], [0xc1], [0x92, 1, 2]])
      stranger.publish(a.subjects.presence('stranger'), Uint8Array.from(noise));
    await settle();
    expect(states(a)).toEqual({ a: 'alive' });
  });

  it('keeps an older incarnation that still announces itself as evidence, and changes nothing', async () => {
    const hub = createTestHub();
    const a = createTestNode(hub, { nodeId: 'a' });
    createTestNode(hub, { nodeId: 'b', incarnation: 5 });
    await settle();
    const changes: string[] = [];
    a.presence.onChange(({ node, state }) => changes.push(`${node} ${state}`));
    const old = encodeAnnouncement({ incarnation: 4, pid: 77, roles: ['host'], lagMs: 0, left: false });
    hub.bus.connect('b').publish(a.subjects.presence('b'), old);
    await advance(hub.clock, 2_000, 100);
    expect(a.presence.member('b')).toMatchObject({
      state: 'alive',
      incarnation: 5,
      rival: { pid: 77, ageMs: 2_000 },
    });
    expect(changes).toEqual([]);
  });

  it('ends the node when a newer process announces itself under its id', async () => {
    const hub = createTestHub();
    const b = createTestNode(hub, { nodeId: 'b', incarnation: 5 });
    await settle();
    const newer = encodeAnnouncement({ incarnation: 6, pid: 78, roles: ['host'], lagMs: 0, left: false });
    hub.bus.connect('b').publish(b.subjects.presence('b'), newer);
    await settle();
    await expect(b.system.terminated).resolves.toMatchObject({ code: 'node-replaced', node: 'b', pid: 78 });
  });
});
