import { expect, it } from 'vitest';
import { startFleetRig } from './testing/fleet-rig.ts';

it('learns load time and service time separately, and reports both', async () => {
  const rig = await startFleetRig({ seed: 1, gateways: 1, hosts: [1] });
  const [host] = rig.hosts;
  const [gateway] = rig.gateways;
  const model = () => gateway?.client.load.instances()[0]?.load.models[0];
  if (host !== undefined) host.ollama.loadMs = 8_000;
  await rig.pass(1_000, 50);
  expect(model()).toMatchObject({ loaded: false });

  rig.run(0, 200);
  await rig.pass(9_000, 50);
  expect(model()).toMatchObject({ loaded: true });
  expect(model()?.serviceMs).toBeUndefined();
  expect(model()?.coldMs).toBeGreaterThan(8_000);

  rig.run(0, 200);
  await rig.pass(500);
  expect(model()?.serviceMs).toBeGreaterThanOrEqual(200);
  expect(model()?.serviceMs).toBeLessThan(250);
  await rig.end();
});
