import { advance, createTestHub, createTestNode } from '@drover/actor-core/testing';
import { describe, expect, it } from 'vitest';
import { noTimeoutMs } from '../protocol/stream-open.ts';
import type { RoutingPolicy } from '../routing/routing-policy.ts';
import { type ScriptedInstance, scriptInstance } from '../testing/scripted-instance.ts';
import { createFleetClient } from './create-fleet-client.ts';
import type { FleetCall, FleetRequest } from './fleet-client.ts';

const never = new AbortController().signal;

/** A client and one instance that answers nothing; choosing an instance takes `choiceMs`. */
async function setup(choiceMs = 0) {
  const hub = createTestHub();
  const node = createTestNode(hub, { nodeId: 'gw', roles: ['gateway'] });
  const policy: RoutingPolicy = (_request, [first]) => {
    hub.clock.advance(choiceMs);
    return first;
  };
  const client = createFleetClient(node, { policy });
  const host = createTestNode(hub, { nodeId: 'host-1', roles: ['node-agent'] });
  const instance: ScriptedInstance = scriptInstance(host, {});
  const pass = (ms: number): Promise<void> => advance(hub.clock, ms, 10);
  await pass(100);
  const run = (request: Partial<FleetRequest> = {}): FleetCall =>
    client.run({ requestId: 'r1', route: 'chat', model: 'm', body: Buffer.from('{}'), ...request }, never);
  return { run, pass, instance };
}

describe('a request with little time', () => {
  it('is never sent to a host when its deadline has passed', async () => {
    const { run, pass, instance } = await setup(2);
    const call = run({ timeoutMs: 1 });
    await pass(20);
    await expect(call.head).rejects.toMatchObject({ code: 'deadline' });
    expect(instance.streams).toEqual([]);
  });

  it('is sent with the rest of its time', async () => {
    const { run, pass, instance } = await setup(2);
    run({ timeoutMs: 50 });
    await pass(20);
    expect(instance.streams[0]?.open.timeoutMs).toBe(48);
  });
});

describe('a request without a deadline', () => {
  it.each([[{}], [{ timeoutMs: 0, firstByteTimeoutMs: 0, interTokenTimeoutMs: 0 }]])(
    'is sent without a deadline, and waits: %j',
    async (request) => {
      const { run, pass, instance } = await setup();
      run(request);
      await pass(20);
      const { open } = instance.streams[0] ?? {};
      expect(open?.timeoutMs).toBe(noTimeoutMs);
      expect(open).not.toHaveProperty('firstByteTimeoutMs');
      expect(open).not.toHaveProperty('interTokenTimeoutMs');
    },
  );
});

it('passes the limits of silence on to the host', async () => {
  const { run, pass, instance } = await setup();
  run({ firstByteTimeoutMs: 700, interTokenTimeoutMs: 300 });
  await pass(20);
  expect(instance.streams[0]?.open).toMatchObject({ firstByteTimeoutMs: 700, interTokenTimeoutMs: 300 });
});
