import type { ClusterNode } from '@drover/actor-core/cluster';
import { createTestHub, createTestNode } from '@drover/actor-core/testing';
import { expect, it } from 'vitest';
import { askedToLeave } from './leave-request.ts';
import { type RoleSteps, stopInOrder } from './stop-in-order.ts';

function setup(failing: string[] = []): { ran: string[]; node: ClusterNode; steps: RoleSteps } {
  const ran: string[] = [];
  const hub = createTestHub();
  const real = createTestNode(hub, { nodeId: 'n' });
  const node: ClusterNode = {
    ...real,
    leave: async () => {
      ran.push('leave');
      await real.leave();
    },
  };
  const step = (name: string) => async () => {
    ran.push(name);
    await Promise.resolve();
    if (failing.includes(name)) throw new Error(`${name} does not work`);
  };
  const steps: RoleSteps = {
    returnLeases: step('return leases'),
    drain: async (drainMs) => {
      ran.push(`drain ${drainMs}`);
    },
    stop: step('stop'),
    stopIntake: step('stop intake'),
    migrateEntities: step('migrate'),
    transferLeads: step('transfer'),
  };
  return { ran, node, steps };
}

it('refuses new work, hands over, finishes running work, gives back leases and leaves, in this order', async () => {
  const { ran, node, steps } = setup();
  await stopInOrder(node, steps, 50);
  expect(ran).toEqual(['stop intake', 'transfer', 'migrate', 'drain 50', 'return leases', 'stop', 'leave']);
});

it('leaves the cluster although steps fail', async () => {
  const { ran, node, steps } = setup(['transfer', 'stop']);
  await stopInOrder(node, steps, 0);
  expect(ran.slice(-2)).toEqual(['stop', 'leave']);
});

it('leaves the cluster where a role has no step but its end', async () => {
  const { ran, node } = setup();
  await stopInOrder(node, { stop: () => Promise.resolve() }, 0);
  expect(ran).toEqual(['leave']);
});

it.each([
  ['draining', 'drain'],
  ['leaving', 'leave'],
])('stops a role when the view says %s of its incarnation', async (state, reason) => {
  let listener: (() => void) | undefined;
  let member = { incarnation: 1, state };
  const view = {
    member: () => member,
    onChange: (one: () => void) => {
      listener = one;
      return () => undefined;
    },
  } as unknown as ClusterNode['view'];
  let asked: string | undefined;
  void askedToLeave({ view, nodeId: 'n', incarnation: 2 }, new AbortController().signal).then(
    (given) => (asked = given),
  );
  await Promise.resolve();
  expect(asked).toBeUndefined();
  member = { incarnation: 2, state };
  listener?.();
  await new Promise<void>((resolve) => setImmediate(resolve));
  expect(asked).toBe(reason);
});
