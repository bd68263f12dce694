import { systemClock } from '../clock/system-clock.ts';
import { eventually } from '../testing/jetstream.ts';
import { memoryContract } from '../testing/memory-contract.ts';
import { createTestHub, createTestNode } from '../testing/test-node.ts';

memoryContract('logs in memory', async () => {
  const hub = createTestHub({ clock: systemClock });
  const one = createTestNode(hub, { nodeId: 'one' });
  const two = createTestNode(hub, { nodeId: 'two', roles: ['gateway'] });
  return {
    nodes: [one, two],
    eventually,
    dispose: async () => {
      await one.leave();
      await two.leave();
    },
  };
});
