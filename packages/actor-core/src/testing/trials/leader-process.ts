import { systemClock } from '../../clock/system-clock.ts';
import { startControl } from '../../control/start-control.ts';
import { joinLeadership } from '../../leadership/join-leadership.ts';
import type { Leadership } from '../../leadership/leadership.ts';
import { electionStep } from '../../leadership/election-trace.ts';
import { type Logger, silentLogger } from '../../logger.ts';
import type { ClusterNode } from '../../node/cluster-node.ts';
import { joinCluster } from '../../node/join-cluster.ts';
import { controlGroup } from '../../transport/subjects.ts';
import { type LeaderReport, type LeaderWrite, ordersOf } from './leader-messages.ts';

/** Pause between two writes of a leader. */
const writeMs = 20;
let writes = 0;

/**
 * Runs as a separate process: `node leader-process.ts NATS_URLS NODE_ID VOTERS REPLICAS GROUPS` (lists are separated by
 * commas). A candidate of each group, which writes and gives orders without a pause while it leads. Without the group
 * `control` in the list it takes part in the control of the cluster and follows the view. Prints `ready` once it takes
 * part, and then a `LeaderReport` per line. Ends when its standard input ends.
 */
const [urls, nodeId, voters, replicas, groups] = process.argv.slice(2);
if (urls !== undefined && nodeId !== undefined && voters !== undefined) {
  process.stdin.once('end', () => process.exit(0)).resume();
  const node = await joinCluster({
    nodeId,
    incarnation: Math.floor(systemClock.wallNow()),
    roles: ['host', 'voter'],
    cell: 'test',
    nats: { servers: urls.split(',') },
    pid: process.pid,
    log: logOf(nodeId),
  });
  const names = (groups ?? controlGroup).split(',');
  const shared = { replicas: Number(replicas ?? 1) };
  const bootstrapVoters = voters.split(',');
  if (!names.includes(controlGroup)) followView(node, { ...shared, voters: bootstrapVoters });
  for (const group of names) {
    const isVoted = group === controlGroup ? { bootstrapVoters } : {};
    lead(node, joinLeadership(node, { group, historyPerSubject: 0, ...shared, ...isVoted }));
  }
  await node.transport.flush({ timeoutMs: 5_000 });
  process.stdout.write('ready\n');
}

function followView(node: ClusterNode, options: Parameters<typeof startControl>[1]): void {
  startControl(node, options);
  const told = new Set<string>();
  node.view.onChange(({ members }) => {
    for (const { id, incarnation, state } of members) {
      const key = `${id}/${incarnation}`;
      if (state !== 'dead' || told.has(key)) continue;
      told.add(key);
      report({ kind: 'dead', node: id });
    }
  });
}

function lead(node: ClusterNode, leadership: Leadership): void {
  const { group } = leadership;
  const subject = node.subjects.control(group, 'x', node.nodeId);
  const encoder = new TextEncoder();
  const write = async (): Promise<void> => {
    const tenure = leadership.tenure();
    if (tenure !== undefined) {
      const id = `${process.pid}.${++writes}`;
      const stated: LeaderWrite = { by: node.nodeId, fence: tenure.fence.sequence, id };
      const payload = encoder.encode(JSON.stringify(stated));
      node.transport.publish(ordersOf(group), payload);
      const outcome = await tenure.write({ subject, payload }).catch(() => undefined);
      if (outcome?.kind === 'written') report({ kind: 'written', group, id, sequence: outcome.sequence });
    }
    systemClock.setTimer(writeMs, () => void write());
  };
  void write();
}

/** Reports the steps of elections, and nothing else. */
function logOf(by: string): Logger {
  return {
    ...silentLogger,
    debug(fields, message) {
      if (message !== electionStep) return;
      report({ kind: 'step', by, atMs: systemClock.wallNow(), fields: { ...fields } });
    },
  };
}

function report(line: LeaderReport): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
