import { expect, it } from 'vitest';
import { systemClock } from '../clock/system-clock.ts';
import { eventually } from '../testing/jetstream.ts';
import { createTestHub, createTestNode } from '../testing/test-node.ts';
import { KeyOwners } from './key-owners.ts';
import { encodeOwnerRequest, type OwnerRequest } from './owner-messages.ts';

const change = { kind: 'remove', condition: undefined } as const;
const request = { bucket: 'B', key: 'k', basis: 3, operations: [change] };

async function setup() {
  const hub = createTestHub({ clock: systemClock });
  const gateway = createTestNode(hub, { nodeId: 'gateway', roles: ['gateway'] });
  const host = createTestNode(hub, { nodeId: 'host' });
  const [asking, owning] = [new KeyOwners(gateway), new KeyOwners(host)];
  await eventually(() => asking.ownerOf('k') === 'host', 5_000);
  const performed: (OwnerRequest & { readonly from: string })[] = [];
  const serve = (): void =>
    owning.serve('B', async (received, from) => {
      performed.push({ ...received, from });
      return [{ kind: 'done', outcome: { kind: 'removed' } }];
    });
  const dispose = async (): Promise<void> => {
    for (const owners of [asking, owning]) owners.close();
    await gateway.leave();
    await host.leave();
  };
  return { gateway, asking, owning, performed, serve, dispose };
}

it('has the host that owns a key perform changes, and never itself as the owner', async () => {
  const { asking, owning, performed, serve, dispose } = await setup();
  serve();
  expect(owning.ownerOf('k')).toBeUndefined();
  const outcomes = await asking.forward('host', request);
  expect(outcomes).toEqual([{ kind: 'done', outcome: { kind: 'removed' } }]);
  expect(performed).toMatchObject([{ key: 'k', basis: 3, from: 'gateway' }]);
  expect(asking.forwarded).toBe(1);
  await dispose();
});

it('performs the changes of a request once, however many copies of it arrive', async () => {
  const { gateway, performed, serve, dispose } = await setup();
  serve();
  const subject = gateway.subjects.memoryChanges('host', 'gateway');
  const copy = encodeOwnerRequest({ id: 'x', ...request });
  await gateway.transport.request(subject, copy, { timeoutMs: 1_000 });
  await expect(gateway.transport.request(subject, copy, { timeoutMs: 20 })).rejects.toThrow();
  expect(performed).toHaveLength(1);
  await dispose();
});

it('says that nobody received the changes, and does not ask that node again for some seconds', async () => {
  const { asking, owning, dispose } = await setup();
  owning.close();
  expect(await asking.forward('host', request)).toBeUndefined();
  expect(asking.ownerOf('k')).toBeUndefined();
  await dispose();
});
