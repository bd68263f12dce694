import { silentLogger, systemClock } from '@drover/actor-core';
import { joinCluster, joinLeadership } from '@drover/actor-core/cluster';

/**
 * Usage: `node candidate-main.js URLS NODE_ID VOTERS REPLICAS` (lists are separated by commas). A voter and candidate
 * of the group `control`. Reports that it is ready once it takes part; ends when its standard input ends.
 */
const [urls = '', nodeId = '', voters = '', replicas = '1'] = process.argv.slice(2);
process.stdin.once('end', () => process.exit(0)).resume();
const node = await joinCluster({
  nodeId,
  incarnation: Math.floor(systemClock.wallNow()),
  roles: ['host', 'voter'],
  cell: 'bench',
  nats: { servers: urls.split(',') },
  pid: process.pid,
  log: silentLogger,
});
joinLeadership(node, {
  group: 'control',
  bootstrapVoters: voters.split(','),
  replicas: Number(replicas),
});
await node.transport.flush({ timeoutMs: 5_000 });
process.stdout.write('{"event":"ready"}\n');
