import { fileURLToPath } from 'node:url';
import { startReady } from '../../src/child-process.ts';
import type { GatewayArm } from '../../src/gateway/gateway-arm.ts';
import { installedVersion } from '../../src/installed-version.ts';

/** The usual proxy in Node: fastify in front, undici behind. */
const fastify: GatewayArm = {
  name: 'fastify',
  path: 'fastify and undici in one process: the body is read and written again, the answer is piped',
  version: () =>
    `${installedVersion('fastify', import.meta.url)}, undici ${installedVersion('undici', import.meta.url)}`,
  async start(hostUrl) {
    const main = fileURLToPath(new URL('fastify-main.ts', import.meta.url));
    const proxy = await startReady<{ event: string; url: string }>(main, [hostUrl], { timeoutMs: 20_000 });
    return {
      url: proxy.ready.url,
      processes: [{ name: 'proxy', pid: proxy.child.pid ?? 0 }],
      stop: () => proxy.stop(2_000),
    };
  },
};

export default fastify;
