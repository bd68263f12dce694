import { droverArm } from '../../drover-arm.ts';
import { installedVersion } from '../../installed-version.ts';
import type { GatewayArm } from '../gateway-arm.ts';

/** The most that `drover up` takes, and more than the largest number of streams: the suite measures no queue. */
const slots = 1_024;

/** `drover up` with its defaults. The host of agents runs too, but no request of this suite passes it. */
const drover: GatewayArm = {
  name: 'drover',
  path: '`drover up` with its defaults: gateway, nats-server, node-agent',
  version: () => installedVersion('@drover/actor-core', import.meta.url),
  async start(hostUrl) {
    const running = await droverArm.start([{ url: hostUrl, pid: process.pid, slots }]);
    const processes = running.processes.filter(({ name }) => !name.startsWith('host-'));
    return { url: running.urlFor(0), processes, stop: () => running.stop() };
  },
};

export default drover;
