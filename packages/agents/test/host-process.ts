/**
 * One agent host in a process of its own, for tests that kill it: `node host-process.ts NODE_ID NATS_URL`. Its fleet
 * is scripted: it echoes each input word by word, and never ends an input that starts with `hold`.
 */
import { silentLogger } from '@drover/actor-core';
import { joinCluster } from '@drover/actor-core/cluster';
import { scriptedFleet } from '@drover/fleet/testing';
import { startAgentHost } from '../dist/index.js';

const [nodeId = '', servers = ''] = process.argv.slice(2);
const node = await joinCluster({
  nodeId,
  incarnation: Date.now(),
  roles: ['host'],
  cell: 'agents',
  nats: { servers },
  pid: process.pid,
  log: silentLogger,
});
const fleet = scriptedFleet();
fleet.mode = 'echo';
const host = await startAgentHost(node, fleet);
process.once('SIGTERM', () => {
  void host
    .resign()
    .then(() => host.drain())
    .then(() => host.stop())
    .then(() => node.leave())
    .then(() => process.exit(0));
});
// Ends this process when its parent dies.
process.stdin.once('close', () => process.exit(0)).resume();
process.stdout.write('ready\n');
