import type { LocalNode } from '../membership/local-node.ts';
import { controlStream } from '../transport/subjects.ts';
import { decodeLeadRecord } from './lead-record.ts';
import type { LeaderInfo } from './leadership.ts';

/**
 * The leader that the lead record of a group names; undefined without a record. The record is read from the leader of
 * the stream. Only nodes of the role `host` may read it.
 *
 * @throws StoreUnavailableError the stream does not exist, or JetStream does not answer
 * @throws TypeError or SyntaxError the record is no lead record
 */
export async function readLeader(
  { storage, subjects }: Pick<LocalNode, 'storage' | 'subjects'>,
  group: string,
): Promise<LeaderInfo | undefined> {
  const stored = await storage.log.readLast(
    controlStream(subjects.cell, group),
    subjects.control(group, 'lead'),
  );
  if (stored === undefined) return undefined;
  const { leader, incarnation, term, sequence } = decodeLeadRecord(stored);
  return { node: leader, nodeIncarnation: incarnation, term, fence: sequence };
}
