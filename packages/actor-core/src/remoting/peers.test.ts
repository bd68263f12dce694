import { expect, it } from 'vitest';
import { z } from 'zod';
import { receive, setup } from '../actor/behaviour.ts';
import { props } from '../cell/create-props.ts';
import { tableSizes } from '../system/local-system.ts';
import { silentLogger } from '../logger.ts';
import { type Announcement, encodeAnnouncement } from '../membership/announcement.ts';
import { advance, settle } from '../testing/settle.ts';
import { createTestHub, createTestNode } from '../testing/test-node.ts';
import { Peers } from './peers.ts';

const said: Announcement = { incarnation: 1, pid: 1, roles: ['host'], lagMs: 0, left: false };

it('keeps nothing of nodes that left without pending messages, however many come and go', async () => {
  const hub = createTestHub();
  const a = createTestNode(hub, { nodeId: 'a' });
  await settle();
  for (let n = 0; n < 500; n++) {
    const other = hub.bus.connect(`n${n}`);
    other.publish(a.subjects.presence(`n${n}`), encodeAnnouncement(said));
    await settle(2);
    a.system.refFor<string>(`n${n}`, 'somebody').tell('hello');
    other.publish(a.subjects.presence(`n${n}`), encodeAnnouncement({ ...said, left: true }));
    await settle(2);
    await other.close();
  }
  expect(tableSizes(a.system)).toMatchObject({ outboxes: 0, peers: 500 });
  await advance(hub.clock, 21 * 60_000, 60_000);
  expect(tableSizes(a.system)).toMatchObject({ outboxes: 0, peers: 0 });
});

it('keeps a bounded number of lanes to nodes that never existed', async () => {
  const a = createTestNode(createTestHub(), { nodeId: 'a' });
  for (let n = 0; n < 5_000; n++) {
    a.system.refFor<string>(`made-up-${n}`, 'nobody').tell('hello');
    if (n % 100 === 0) await settle(1);
  }
  await settle();
  expect(tableSizes(a.system).outboxes).toBeLessThanOrEqual(1_200);
});

it('keeps a bounded number of peers, and first forgets the peer that is down for longest', () => {
  const peers = new Peers(silentLogger);
  for (let n = 0; n < 4_000; n++) peers.up(`up-${n}`, 1);
  for (let n = 0; n < 4_000; n++) peers.down(`down-${n}`, 1, true, n);
  expect(peers.size).toBe(4_096);
  expect(peers.isDown('down-0')).toBe(false);
  expect(peers.isDown('down-3999')).toBe(true);
});

it('removes the watches of a node that crashed and never came back', async () => {
  const hub = createTestHub();
  const [a, b] = [createTestNode(hub, { nodeId: 'a' }), createTestNode(hub, { nodeId: 'b' })];
  await settle();
  b.system.spawn(
    props<string>(() => receive(() => undefined), { protocol: z.string() }),
    'watched',
  );
  a.system.spawn(
    props<never>(() =>
      setup((context) => {
        context.watch(a.system.refFor('b', 'watched'));
        return receive(() => undefined);
      }),
    ),
  );
  await settle();
  expect(tableSizes(b.system)).toMatchObject({ inboundWatches: 1, watchers: 1, peers: 1 });
  a.crash();
  await advance(hub.clock, 21 * 60_000, 1_000);
  expect(tableSizes(b.system)).toMatchObject({ inboundWatches: 0, watchers: 0, peers: 0, outboxes: 0 });
});
