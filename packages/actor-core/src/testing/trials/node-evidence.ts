import type { Leadership } from '../../leadership/leadership.ts';
import type { Logger } from '../../logger.ts';
import type { ClusterNode } from '../../node/cluster-node.ts';
import { decodeView } from '../../membership/view/view-codec.ts';
import type { View } from '../../membership/view/view.ts';
import { systemClock } from '../../clock/system-clock.ts';
import { controlGroup, controlStream } from '../../transport/subjects.ts';

/** What one process of a trial knows, in lines for people. */
export type NodeEvidence = readonly string[];

/** Lines of the log that are kept for the evidence. */
const keptLines = 80;

/**
 * What was logged last; of a message that is repeated, its last line and a count. The messages of `isLeftOut` are not
 * kept: they are reported in another way.
 */
export class RecentLog {
  readonly lines: string[] = [];
  readonly logger: Logger;

  constructor(isLeftOut: (message: string) => boolean, also?: Logger['debug']) {
    let last = { message: '', count: 0 };
    const note = (level: string) => (fields: object, message: string) => {
      also?.(fields, message);
      if (isLeftOut(message)) return;
      const isRepeated = message === last.message;
      last = { message, count: isRepeated ? last.count + 1 : 1 };
      const times = isRepeated ? ` (${last.count} times)` : '';
      if (isRepeated) this.lines.pop();
      this.lines.push(`${systemClock.wallNow()} ${level} ${message}${times} ${shownFields(fields)}`);
      if (this.lines.length > keptLines) this.lines.shift();
    };
    this.logger = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
  }
}

/** What that node knows of the view, of the leaders and of the other nodes, and what the log of the view holds. */
export async function evidenceOf(
  node: ClusterNode,
  leaderships: readonly Leadership[],
  log?: RecentLog,
): Promise<NodeEvidence> {
  const { presence, transport, view, nodeId } = node;
  const leader = view.controlLeader();
  return [
    `${nodeId} at ${systemClock.wallNow()}: connected ${transport.connected}`,
    `view: ${shownView(view.current())}`,
    `leader of the view: ${leader === undefined ? 'unknown' : `${leader.node}, fence ${leader.fence}, heard ${Math.round(leader.ageMs)} ms ago`}`,
    ...leaderships.map(shownLeadership),
    ...presence
      .members()
      .map(
        ({ node: id, incarnation, state, isSuspect, isStalled, ageMs, lagMs }) =>
          `sees ${id}#${incarnation} ${state}${isSuspect ? ' suspect' : ''}${isStalled ? ' stalled' : ''}, heard ${Math.round(ageMs)} ms ago, lag ${Math.round(lagMs)} ms`,
      ),
    await shownViewLog(node),
    ...(log?.lines ?? []),
  ];
}

function shownLeadership(leadership: Leadership): string {
  const { group } = leadership;
  const known = leadership.current();
  const tenure = leadership.tenure();
  const own =
    tenure === undefined
      ? 'none'
      : `fence ${tenure.fence.sequence}, trusted ${tenure.isTrusted()}, may act ${tenure.mayAct()}`;
  const leads = known === undefined ? 'nobody' : `${known.node}, term ${known.term}, fence ${known.fence}`;
  const trouble = leadership.trouble();
  return `group ${group}: ${leadership.state()}, leads ${leads}; own tenure ${own}; trouble ${trouble === undefined ? 'none' : shownError(trouble)}`;
}

function shownView(view: View | undefined): string {
  if (view === undefined) return 'none';
  const members = view.members.map(({ id, incarnation, state }) => `${id}#${incarnation} ${state}`);
  return `epoch ${view.epoch}, fence ${view.fence}: ${members.join(', ')}`;
}

async function shownViewLog({ storage, subjects }: ClusterNode): Promise<string> {
  const name = controlStream(subjects.cell, controlGroup);
  try {
    const record = await storage.log.readLast(name, subjects.control(controlGroup, 'view'));
    if (record === undefined) return 'log of the view: no view';
    const { sequence, acceptedAtMs } = record;
    return `log of the view: sequence ${sequence}, accepted at ${acceptedAtMs}: ${shownView(decodeView(record.payload))}`;
  } catch (error) {
    return `log of the view: ${shownError(error)}`;
  }
}

function shownFields(fields: object): string {
  return JSON.stringify(fields, (_, value: unknown) => (value instanceof Error ? shownError(value) : value));
}

function shownError(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error);
  return `${error.name}: ${error.message}${error.cause === undefined ? '' : ` (${shownError(error.cause)})`}`;
}
