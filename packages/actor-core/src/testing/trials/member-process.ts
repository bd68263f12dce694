import { createInterface } from 'node:readline';
import { systemClock } from '../../clock/system-clock.ts';
import { startControl } from '../../control/start-control.ts';
import { silentLogger } from '../../logger.ts';
import type { MembershipProfile } from '../../membership/swim/swim-config.ts';
import type { View } from '../../membership/view/view.ts';
import { joinCluster } from '../../node/join-cluster.ts';

/** A line that a member process prints. Times are wall clock milliseconds. */
export type MemberReport =
  | ({ readonly kind: 'seen' } & Sighting)
  | ({ readonly kind: 'listed' } & Listing)
  /** The node that leads the control of the cluster; empty for none. */
  | { readonly kind: 'led'; readonly by: string };

/** What a process sees of another node. */
export interface Sighting {
  readonly atMs: number;
  readonly node: string;
  readonly state: string;
  readonly isStalled: boolean;
}

/** What the view of a process says of a node. */
export interface Listing {
  readonly atMs: number;
  readonly node: string;
  readonly incarnation: number;
  readonly state: string;
}

/**
 * Runs as a separate process: `node member-process.ts NATS_URLS NODE_ID PROFILE VOTERS REPLICAS` (lists are separated
 * by commas). Takes part in the control of the cluster. Prints `ready`, then a `MemberReport` for each change. Reads
 * commands: `stall MS` blocks its main loop. Ends when its standard input ends, or when the view says that it is dead.
 */
const [urls, nodeId, membership, voters, replicas] = process.argv.slice(2);
if (urls !== undefined && nodeId !== undefined && voters !== undefined) {
  const node = await joinCluster({
    nodeId,
    roles: ['host', 'voter'],
    cell: 'test',
    nats: { servers: urls.split(',') },
    membership: membership as MembershipProfile,
    pid: process.pid,
    log: silentLogger,
  });
  const { leadership } = startControl(node, { voters: voters.split(','), replicas: Number(replicas) });
  const tell = ({ node: other, state, isStalled }: Omit<Sighting, 'atMs'>) =>
    report({ kind: 'seen', atMs: systemClock.wallNow(), node: other, state, isStalled });
  node.presence.onChange(tell);
  leadership.onChange((leader) => report({ kind: 'led', by: leader?.node ?? '' }));
  const listed = new Map<string, string>();
  const tellView = ({ members }: View) => {
    for (const { id, incarnation, state } of members) {
      if (listed.get(id) === `${incarnation} ${state}`) continue;
      listed.set(id, `${incarnation} ${state}`);
      report({ kind: 'listed', atMs: systemClock.wallNow(), node: id, incarnation, state });
    }
  };
  node.view.onChange(tellView);
  say('ready');
  // What was there before this process listened.
  for (const member of node.presence.members()) tell(member);
  const view = node.view.current();
  if (view !== undefined) tellView(view);
  report({ kind: 'led', by: leadership.current()?.node ?? '' });
  const commands = createInterface({ input: process.stdin });
  commands.on('close', () => process.exit(0));
  commands.on('line', (line) => {
    const [command, argument] = line.split(' ');
    if (command !== 'stall') return;
    const untilMs = systemClock.now() + Number(argument);
    while (systemClock.now() < untilMs);
  });
  void node.system.terminated.then(() => process.exit(3));
}

function report(line: MemberReport): void {
  say(JSON.stringify(line));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
