import { joinLeadership } from '../leadership/join-leadership.ts';
import { silentLogger } from '../logger.ts';
import { systemClock } from '../clock/system-clock.ts';
import { joinCluster } from '../node/join-cluster.ts';

/** A write of a `leader-process`. `fence`: of the tenure under which it was decided. */
export interface LeaderWrite {
  readonly by: string;
  readonly fence: number;
}

/** Pause between two writes of a leader. */
const writeMs = 20;

/**
 * Runs as a separate process: `node leader-process.ts NATS_URLS NODE_ID VOTERS REPLICAS` (lists are separated by
 * commas). A candidate of the control group, which writes without a pause while it leads. Prints `ready` once it takes
 * part, and one line for each tenure.
 */
const [urls, nodeId, voters, replicas] = process.argv.slice(2);
if (urls !== undefined && nodeId !== undefined && voters !== undefined) {
  const node = await joinCluster({
    nodeId,
    incarnation: Math.floor(systemClock.wallNow()),
    roles: ['host', 'voter'],
    cell: 'test',
    nats: { servers: urls.split(',') },
    pid: process.pid,
    log: silentLogger,
  });
  const leadership = joinLeadership(node, {
    group: 'control',
    bootstrapVoters: voters.split(','),
    historyPerSubject: 0,
    replicas: Number(replicas ?? 1),
  });
  const subject = node.subjects.control('control', 'x', nodeId);
  const write = async (): Promise<void> => {
    const tenure = leadership.tenure();
    if (tenure !== undefined) {
      const stated: LeaderWrite = { by: nodeId, fence: tenure.fence.sequence };
      const payload = new TextEncoder().encode(JSON.stringify(stated));
      await tenure.write({ subject, payload }).catch(() => undefined);
    }
    systemClock.setTimer(writeMs, () => void write());
  };
  void write();
  await node.transport.flush({ timeoutMs: 5_000 });
  process.stdout.write('ready\n');
}
