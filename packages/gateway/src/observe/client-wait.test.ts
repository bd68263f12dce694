import { expect, it } from 'vitest';
import { startScriptedGateway } from '../testing/scripted-gateway.ts';
import { until } from '../testing/until.ts';

async function shown(url: string): Promise<{ metricMs: number; statusMs: number }> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const metric = /^drover_client_wait_seconds (\S+)$/m.exec(metrics)?.[1];
  const status = (await (await fetch(`${url}/api/v1/status`)).json()) as { nodes: { lagMs: number }[] };
  return { metricMs: Number(metric) * 1_000, statusMs: status.nodes[0]?.lagMs ?? Number.NaN };
}

it('shows in metrics and status how long a new connection waited while the gateway was blocked', async () => {
  await using setup = await startScriptedGateway();
  await until(async () => (await shown(setup.url)).metricMs > 0, 'a first look');
  // Longer than the pause between two probes, so that a probe runs or is due while no connection is accepted.
  const untilMs = performance.now() + 1_500;
  while (performance.now() < untilMs);
  await until(async () => (await shown(setup.url)).metricMs >= 200, 'a wait');
  expect((await shown(setup.url)).statusMs).toBeGreaterThanOrEqual(200);
});

it('stops when the gateway stops', async () => {
  const setup = await startScriptedGateway();
  await setup.gateway.stop();
  await setup.node.leave();
  await expect(fetch(`${setup.url}/healthz`)).rejects.toThrow('fetch failed');
});
