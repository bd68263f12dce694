import { createInterface } from 'node:readline';
import { systemClock } from '../clock/system-clock.ts';
import { silentLogger } from '../logger.ts';
import type { MembershipProfile } from '../membership/swim/swim-config.ts';
import { joinCluster } from '../node/join-cluster.ts';

/** A line that a member process prints: what it sees of another node. Times are wall clock milliseconds. */
export interface Sighting {
  readonly atMs: number;
  readonly node: string;
  readonly state: string;
  readonly isStalled: boolean;
}

/**
 * Runs as a separate process: `node member-process.ts NATS_URL NODE_ID PROFILE`. Prints `ready`, then a `Sighting` for
 * each change. Reads commands: `stall MS` blocks its main loop, `leave` ends it.
 */
const [url, nodeId, membership] = process.argv.slice(2);
if (url !== undefined && nodeId !== undefined) {
  const node = await joinCluster({
    nodeId,
    roles: ['node-agent'],
    cell: 'test',
    nats: { servers: url },
    membership: membership as MembershipProfile,
    pid: process.pid,
    log: silentLogger,
  });
  const tell = ({ node: other, state, isStalled }: Omit<Sighting, 'atMs'>) =>
    say(JSON.stringify({ atMs: systemClock.wallNow(), node: other, state, isStalled } satisfies Sighting));
  node.presence.onChange(tell);
  say('ready');
  for (const member of node.presence.members()) tell(member);
  createInterface({ input: process.stdin }).on('line', (line) => {
    const [command, argument] = line.split(' ');
    if (command === 'leave') void node.leave().then(() => process.exit(0));
    if (command !== 'stall') return;
    const untilMs = systemClock.now() + Number(argument);
    while (systemClock.now() < untilMs);
  });
  void node.system.terminated.then(() => node.leave());
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
