import { decodeLeadRecord } from '../../leadership/lead-record.ts';
import type { ClusterNode } from '../../node/cluster-node.ts';
import type { LogRecord } from '../../storage/log/log.ts';
import { controlStream } from '../../transport/subjects.ts';
import type { LeaderWrite } from './leader-messages.ts';

/** What the log of a group accepted of its leaders, checked record by record. */
export interface Audit {
  readonly writes: number;
  readonly leads: number;
  /** Writes that were acknowledged to their leaders. */
  readonly acknowledged: number;
  /** Accepted writes that were decided under another fence than the newest one. */
  readonly stale: readonly string[];
  /** Writes that stand in the log twice. */
  readonly repeated: readonly string[];
  /** Writes that were acknowledged and are not where the acknowledgement said. */
  readonly lost: readonly string[];
}

/**
 * Reads the whole log of a group. `acknowledged`: sequences of acknowledged writes, by id.
 *
 * @throws StoreUnavailableError
 */
export async function auditLog(
  { storage, subjects }: Pick<ClusterNode, 'storage' | 'subjects'>,
  group: string,
  acknowledged: ReadonlyMap<string, number>,
): Promise<Audit> {
  const log = controlStream(subjects.cell, group);
  const lead = subjects.control(group, 'lead');
  const found = { leads: 0, stale: [] as string[], repeated: [] as string[] };
  const written = new Map<string, number[]>();
  let holder: { readonly leader: string; readonly sequence: number } | undefined;
  for (let from = 1; ; ) {
    const page = await storage.log.readForward(log, { from, limit: 1_000 });
    for (const record of page.records) {
      if (record.subject === lead) {
        holder = decodeLeadRecord(record);
        found.leads++;
      } else if (record.subject.includes('.x.')) {
        const { by, fence, id } = statedBy(record);
        if (by !== holder?.leader || fence !== holder.sequence)
          found.stale.push(`#${record.sequence} by ${by} under ${fence}, not ${holder?.sequence}`);
        const known = written.get(id);
        if (known !== undefined) found.repeated.push(`${id} at ${known.join(', ')} and ${record.sequence}`);
        written.set(id, [...(known ?? []), record.sequence]);
      }
    }
    if (page.isEnd) break;
    from = page.next;
  }
  const lost = [...acknowledged].flatMap(([id, sequence]) =>
    written.get(id)?.includes(sequence) === true ? [] : [`${id} at ${sequence}`],
  );
  return { ...found, lost, writes: written.size, acknowledged: acknowledged.size };
}

function statedBy({ payload }: LogRecord): LeaderWrite {
  return JSON.parse(new TextDecoder().decode(payload)) as LeaderWrite;
}
