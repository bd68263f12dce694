import type { GatewayArm } from '../gateway-arm.ts';
import { proxyArm } from './proxy-program.ts';

/** HAProxy as a reverse proxy. */
const haproxy: GatewayArm = proxyArm({
  name: 'haproxy',
  path: 'HAProxy in HTTP mode, one thread, connections to the host kept open',
  versionArguments: ['-v'],
  configure: ({ listen, host }) => `
global
  nbthread 1
  maxconn 16384
defaults
  mode http
  option http-no-delay
  timeout connect 10s
  timeout client 600s
  timeout server 600s
frontend in
  bind 127.0.0.1:${listen} backlog 2048
  default_backend host
backend host
  http-reuse always
  server host 127.0.0.1:${host} pool-max-conn 4096
`,
  arguments: (config) => ['-f', config, '-db'],
});

export default haproxy;
