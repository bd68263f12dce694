import type { AuditFault, AuditFaultKind } from './audit-fault.ts';
import type { AuditVerifyingKey } from './audit-key.ts';
import { type AuditLine, checkpointText, hashOf, noHash, signatureOf } from './audit-record.ts';

const longestUnsignedMs = 60_000;

export interface ChainReport {
  readonly chain: string;
  readonly records: number;
  /** Numbers of the first and the last record; -1 without any. */
  readonly first: number;
  readonly last: number;
  readonly firstTime?: string;
  readonly lastTime?: string;
  /** Records behind the last checkpoint: they could have been written anew by who can write to the store. */
  readonly unsigned: number;
  /** Fingerprints of the keys that signed. */
  readonly signedBy: readonly string[];
}

/** What all chains are checked by. */
export interface ChainRules {
  readonly keys: ReadonlyMap<string, AuditVerifyingKey>;
  readonly keptSinceMs: number | undefined;
  readonly report: (fault: AuditFault) => void;
}

/** Checks one chain: each record against its hash and its predecessor, each checkpoint against its key. */
export class ChainCheck {
  readonly #chain: string;
  readonly #head: AuditLine | undefined;
  readonly #rules: ChainRules;
  readonly #signers = new Set<string>();
  #records = 0;
  #first: AuditLine | undefined;
  /** The record with the highest number. */
  #last: Pick<AuditLine, 'n' | 'hash' | 'time'> | undefined;
  /** The newest checkpoint with a valid signature. */
  #signed: Pick<AuditLine, 'n' | 'time'> | undefined;
  #began: string | undefined;

  /** @param head the newest checkpoint that is kept outside the store */
  constructor(chain: string, head: AuditLine | undefined, rules: ChainRules) {
    this.#chain = chain;
    this.#head = head;
    this.#rules = rules;
  }

  add(line: AuditLine, position: number): void {
    this.#records++;
    const { n } = line;
    const fault = (kind: AuditFaultKind, detail: string): void =>
      this.#rules.report({ kind, line: position, chain: this.#chain, n, detail });
    const isIntact = hashOf(line.body) === line.hash;
    if (!isIntact) fault('changed', 'its hash does not fit its text');
    this.#checkPlace(line, fault);
    if (n === this.#head?.n && line.hash !== this.#head.hash)
      fault('changed', 'it is not the record that its gateway has signed as its newest checkpoint');
    if (isIntact && line.kind === 'checkpoint') this.#checkSignature(line, fault);
    if (this.#last === undefined || n > this.#last.n) this.#last = { n, hash: line.hash, time: line.time };
  }

  /** @param mayEndEarly later records may exist elsewhere: an end before the newest checkpoint is no fault */
  end(mayEndEarly: boolean): ChainReport {
    const { n: last = -1, time: lastTime } = this.#last ?? {};
    const fault = (kind: AuditFaultKind, detail: string): void =>
      this.#rules.report({ kind, line: 0, chain: this.#chain, detail });
    if (!mayEndEarly && this.#head !== undefined && last < this.#head.n && !this.#isExpired(this.#head))
      fault(
        'truncated',
        `${range(last + 1, this.#head.n)} gone: its gateway has signed ${this.#head.n + 1} records`,
      );
    const { keptSinceMs } = this.#rules;
    const first = this.#first?.n ?? -1;
    if (first > 0 && keptSinceMs !== undefined && Date.parse(this.#began ?? '') >= keptSinceMs)
      fault('missing', `${range(0, first - 1)} gone, and too young to be removed by the retention`);
    const signed = this.#signed?.n ?? first - 1;
    if (this.#isOverdue(lastTime)) fault('unsigned', `${range(signed + 1, last)} not signed`);
    return {
      chain: this.#chain,
      records: this.#records,
      first,
      last,
      ...(this.#first && { firstTime: this.#first.time }),
      ...(lastTime !== undefined && { lastTime }),
      unsigned: last - signed,
      signedBy: [...this.#signers],
    };
  }

  /** Whether nothing of the chain needs to be left. */
  #isExpired({ time }: AuditLine): boolean {
    const { keptSinceMs } = this.#rules;
    return this.#records === 0 && keptSinceMs !== undefined && Date.parse(time) < keptSinceMs;
  }

  /** A gateway signs once a second while it writes. */
  #isOverdue(lastTime: string | undefined): boolean {
    if (lastTime === undefined) return false;
    return (
      this.#signed === undefined || Date.parse(lastTime) - Date.parse(this.#signed.time) > longestUnsignedMs
    );
  }

  #checkPlace(line: AuditLine, fault: (kind: AuditFaultKind, detail: string) => void): void {
    const { n, prev } = line;
    this.#first ??= line;
    const expected = this.#last === undefined ? n : this.#last.n + 1;
    if (n < expected) fault('out-of-order', `it stands behind record ${expected - 1}`);
    else if (n > expected) fault('missing', `${range(expected, n - 1)} gone`);
    else if (n === 0 ? prev !== noHash : this.#last !== undefined && prev !== this.#last.hash)
      fault(
        'broken',
        n === 0 ? 'it names a record before the first one' : `it does not follow record ${n - 1}`,
      );
  }

  #checkSignature(line: AuditLine, fault: (kind: AuditFaultKind, detail: string) => void): void {
    const signed = signatureOf(line);
    if (signed === undefined) return fault('signature', 'the checkpoint has no signature');
    const key = this.#rules.keys.get(signed.by);
    if (key === undefined) {
      if (!this.#signers.has(signed.by))
        fault('unknown-key', `it is signed by the key ${signed.by}, which is not known`);
    } else if (!key.isSignatureOf(checkpointText(line, signed.began), signed.signature))
      return fault('signature', `the key ${signed.by} has not signed it`);
    else if (line.n > (this.#signed?.n ?? -1)) this.#signed = line;
    this.#signers.add(signed.by);
    this.#began = signed.began ?? this.#began;
  }
}

function range(from: number, to: number): string {
  return from === to ? `record ${from} is` : `records ${from} to ${to} are`;
}
