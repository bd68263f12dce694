import { expect, it } from 'vitest';
import { isActorTraffic, startFleetRig } from './testing/fleet-rig.ts';

it('sends messages only to the serving host if a slot is free, and starts with the first message', async () => {
  const rig = await startFleetRig({ seed: 1, gateways: 1, hosts: [2, 2, 2] });
  const messages: string[] = [];
  rig.hub.bus.fault = (passage) => {
    if (isActorTraffic(passage)) messages.push(`${passage.from} ${passage.to}`);
    return { delayMs: 10 };
  };
  const call = rig.run(0, 100);
  await rig.pass(50);
  const served = rig.hosts.findIndex(({ ollama }) => ollama.runs.length === 1);
  const name = `host-${served + 1}`;
  const startedAtMs = rig.hosts[served]?.ollama.runs[0]?.startedAtMs ?? Number.NaN;
  // One delay of the bus and one step of the clock.
  expect(startedAtMs - call.arrivedAtMs).toBeLessThanOrEqual(15);
  await rig.pass(300);
  expect(call.lines).toHaveLength(1);
  expect(messages.filter((text) => !text.includes(name))).toEqual([]);
  // The open, the grants of the reader, and nothing else.
  expect(messages.filter((text) => text === `gw-1 ${name}`).length).toBeLessThanOrEqual(3);
  await rig.end();
});
