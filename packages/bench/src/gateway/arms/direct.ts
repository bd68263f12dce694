import type { GatewayArm } from '../gateway-arm.ts';

/** The client calls the host itself. */
const direct: GatewayArm = {
  name: 'direct',
  path: 'the client calls the host itself',
  version: () => 'no parts',
  start: (hostUrl) => Promise.resolve({ url: hostUrl, processes: [], stop: () => Promise.resolve() }),
};

export default direct;
