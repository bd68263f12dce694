import { fileURLToPath } from 'node:url';
import { startNatsServer } from '@drover/actor-core/testing';
import { type ReadyProcess, startReady } from '../../src/child-process.ts';
import type { GatewayArm } from '../../src/gateway/gateway-arm.ts';
import { installedVersion } from '../../src/installed-version.ts';

interface Ready {
  readonly event: string;
  readonly url: string;
}

function start(args: readonly string[]): Promise<ReadyProcess<Ready>> {
  const main = fileURLToPath(new URL('three-hop-main.ts', import.meta.url));
  return startReady<Ready>(main, args, { timeoutMs: 20_000 });
}

/**
 * The plainest gateway over a bus: fastify, a message of NATS each way, undici, and nothing else. `gatherMs`: the agent
 * gathers the parts of all answers for this long; 0: one message a part.
 */
export function threeHopArm(name: string, gatherMs: number): GatewayArm {
  return {
    name,
    path: `fastify, NATS and undici in two processes, ${gatherMs === 0 ? 'one message a part of an answer' : `the parts of all answers gathered for ${gatherMs} ms`}`,
    version: () =>
      ['fastify', 'undici', '@nats-io/transport-node']
        .map((part) => `${part} ${installedVersion(part, import.meta.url)}`)
        .join(', '),
    async start(hostUrl) {
      const nats = await startNatsServer({ jetstream: false });
      const processes: ReadyProcess<Ready>[] = [];
      const stop = async (): Promise<void> => {
        for (const one of processes) await one.stop(2_000);
        await nats.dispose();
      };
      try {
        const agent = await start(['agent', `nats://${nats.url}`, hostUrl, String(gatherMs)]);
        processes.push(agent);
        const gateway = await start(['gateway', `nats://${nats.url}`]);
        processes.push(gateway);
        return {
          url: gateway.ready.url,
          processes: [
            { name: 'gateway-1', pid: gateway.child.pid ?? 0 },
            { name: 'agent-1', pid: agent.child.pid ?? 0 },
            { name: 'nats-server', pid: nats.pid },
          ],
          stop,
        };
      } catch (error) {
        await stop();
        throw error;
      }
    },
  };
}
