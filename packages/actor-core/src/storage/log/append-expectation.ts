import { InvalidArgumentError } from '../../errors.ts';
import { optionNames, requireKnownOptions } from '../../known-options.ts';

/** What must hold at the moment of a write; otherwise the store refuses it. */
export interface AppendExpectation {
  /**
   * The fencing token: sequence and subject of the lead record, which is in the same stream. The write is accepted
   * while that record is the newest one of its subject.
   */
  readonly fence?: { readonly subject: string; readonly sequence: number };
  /** Sequence that must be the newest one of the appended subject; 0 = no record yet. Not together with `fence`. */
  readonly lastSequence?: number;
  /** Id of the write: a second attempt with the same id within two minutes writes nothing again. */
  readonly messageId?: string;
}

const fenceNames = optionNames<NonNullable<AppendExpectation['fence']>>({ subject: true, sequence: true });
const expectationNames = optionNames<AppendExpectation>({ fence: true, lastSequence: true, messageId: true });

/** @throws InvalidArgumentError for a fence together with a sequence, and for a fence of 0, which protects nothing */
export function checkExpectation(expect: AppendExpectation | undefined): void {
  if (expect === undefined) return;
  requireKnownOptions('expect', expect, expectationNames);
  if (expect.fence === undefined) return;
  requireKnownOptions('expect.fence', expect.fence, fenceNames);
  if (expect.lastSequence !== undefined)
    throw new InvalidArgumentError('expect', 'takes a fence or a last sequence, not both');
  if (!(expect.fence.sequence > 0))
    throw new InvalidArgumentError('expect.fence.sequence', 'must be above 0');
}
