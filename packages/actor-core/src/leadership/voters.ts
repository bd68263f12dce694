import { InvalidArgumentError } from '../errors.ts';
import type { FencedOutcome } from '../fence/fence.ts';
import type { LocalNode } from '../membership/local-node.ts';
import type { LogRecord } from '../storage/log/log.ts';
import { controlGroup, controlStream, requireToken, type Subjects } from '../transport/subjects.ts';
import type { Tenure } from './leadership.ts';

/*
 * The voters of the cluster: a record in the log of the control group, made at the bootstrap and changed by one voter
 * at a time through the fence of the control leader. Two successive sets of voters have a quorum in common, so that an
 * election under the old set and one under the new set cannot both succeed.
 */

/** Most voters of a cluster: more make each election slower and none safer. */
export const maxVoters = 5;

/** The recorded voters. */
export interface VoterRecord {
  readonly voters: readonly string[];
  /** Of the record. */
  readonly sequence: number;
}

/** One voter more, or one less. */
export type VoterChange = { readonly add: string } | { readonly remove: string };

/** The recorded voters; undefined where none are recorded. @throws StoreUnavailableError, TypeError, SyntaxError */
export async function readVoters({
  storage,
  subjects,
}: Pick<LocalNode, 'storage' | 'subjects'>): Promise<VoterRecord | undefined> {
  const log = controlStream(subjects.cell, controlGroup);
  const record = await storage.log.readLast(log, votersSubject(subjects));
  return record === undefined ? undefined : { voters: decodeVoters(record), sequence: record.sequence };
}

/**
 * Adds or removes one voter, as the control leader.
 *
 * @returns the outcome of the write; `conflict` where the voters were changed by somebody else meanwhile
 * @throws InvalidArgumentError for a voter that is there already, that is not there, or that is the last one
 * @throws StoreUnavailableError the outcome is unknown
 */
export async function changeVoters(
  node: Pick<LocalNode, 'storage' | 'subjects'>,
  tenure: Tenure,
  change: VoterChange,
): Promise<FencedOutcome> {
  const present = await readVoters(node);
  const voters = decideVoters(present?.voters ?? [], change);
  const subject = votersSubject(node.subjects);
  const expect = { subject, sequence: present?.sequence ?? 0 };
  return tenure.write({ subject, payload: encodeVoters(voters), expect });
}

/**
 * Records other voters without a leader: for a cluster that has lost the quorum of its voters for good. Votes do not
 * make leadership safe, the lead record does, so a wrong use costs elections and no data.
 *
 * @returns false where another write came first
 * @throws InvalidArgumentError unless there are 1 to 5 different voters
 * @throws StoreUnavailableError the outcome is unknown
 */
export async function replaceVoters(
  { storage, subjects }: Pick<LocalNode, 'storage' | 'subjects'>,
  voters: readonly string[],
): Promise<boolean> {
  const present = await readVoters({ storage, subjects });
  const subject = votersSubject(subjects);
  const record = { subject, payload: encodeVoters(voters) };
  const expect = { subject, sequence: present?.sequence ?? 0 };
  const outcome = await storage.writer.write(controlStream(subjects.cell, controlGroup), record, expect);
  return outcome.kind === 'written';
}

/** The voters after the change. @throws InvalidArgumentError as `changeVoters` */
export function decideVoters(voters: readonly string[], change: VoterChange): readonly string[] {
  if ('add' in change) {
    const { add } = change;
    if (voters.includes(add)) throw new InvalidArgumentError('add', `${add} is a voter already`);
    return [...voters, requireToken('add', add)];
  }
  const { remove } = change;
  if (!voters.includes(remove)) throw new InvalidArgumentError('remove', `${remove} is no voter`);
  return voters.filter((voter) => voter !== remove);
}

/** Subject of the record. */
export function votersSubject(subjects: Subjects): string {
  return subjects.control(controlGroup, 'voters');
}

/**
 * JSON `{v: 1, voters}`; fields are only ever added. @throws InvalidArgumentError unless there are 1 to 5 different
 * voters
 */
export function encodeVoters(voters: readonly string[]): Uint8Array {
  if (voters.length === 0 || voters.length > maxVoters || new Set(voters).size < voters.length)
    throw new InvalidArgumentError('voters', `must be 1 to ${maxVoters} different nodes`);
  for (const voter of voters) requireToken('voters', voter);
  return new TextEncoder().encode(JSON.stringify({ v: 1, voters }));
}

/** @throws SyntaxError or TypeError for a record that holds no voters */
export function decodeVoters({ subject, payload }: LogRecord): readonly string[] {
  const { voters } = JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>;
  if (!Array.isArray(voters) || !voters.every((voter) => typeof voter === 'string'))
    throw new TypeError(`${subject} holds a record without voters`);
  return voters;
}
