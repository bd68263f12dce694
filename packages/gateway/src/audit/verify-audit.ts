import type { AuditFault } from './audit-fault.ts';
import type { AuditVerifyingKey } from './audit-key.ts';
import { type AuditLine, readLine } from './audit-record.ts';
import { ChainCheck, type ChainReport, type ChainRules } from './chain-check.ts';

export interface AuditReport {
  readonly ok: boolean;
  readonly records: number;
  readonly chains: readonly ChainReport[];
  /** The first 100; `faultCount` counts all. */
  readonly faults: readonly AuditFault[];
  readonly faultCount: number;
}

/** What is known from outside the store. */
export interface VerifyOptions {
  /** Keys that may have signed. */
  readonly keys: readonly AuditVerifyingKey[];
  /** The newest checkpoint of each chain, as its gateway has it: a line. */
  readonly heads?: readonly string[];
  /** Nothing younger than this was removed by the retention; milliseconds since the epoch. @default not known */
  readonly keptSinceMs?: number | undefined;
}

const maxFaults = 100;
const maxChains = 10_000;

/** Verifies the lines of one or several chains, one after another. */
export class AuditVerifier {
  readonly #rules: ChainRules;
  readonly #heads = new Map<string, AuditLine>();
  readonly #chains = new Map<string, ChainCheck>();
  readonly #faults: AuditFault[] = [];
  #faultCount = 0;
  #lines = 0;

  constructor({ keys, heads = [], keptSinceMs }: VerifyOptions) {
    this.#rules = {
      keys: new Map(keys.map((key) => [key.fingerprint, key])),
      keptSinceMs,
      report: (fault) => this.#report(fault),
    };
    for (const text of heads) {
      const head = readLine(text);
      const known = head && this.#heads.get(head.chain);
      if (head !== undefined && (known === undefined || known.n < head.n)) this.#heads.set(head.chain, head);
    }
  }

  add(text: string): void {
    const position = ++this.#lines;
    const line = readLine(text);
    if (line === undefined || (!this.#chains.has(line.chain) && this.#chains.size >= maxChains))
      return this.#report({ kind: 'unreadable', line: position, detail: 'is no audit record' });
    this.#chainOf(line.chain).add(line, position);
  }

  /**
   * @param isWhole all chains were read: one of which nothing is left is truncated. @default false
   * @param mayEndEarly the lines are an export, which ends where the chains ended then. @default false
   */
  end({
    isWhole = false,
    mayEndEarly = false,
  }: {
    readonly isWhole?: boolean;
    readonly mayEndEarly?: boolean;
  } = {}): AuditReport {
    if (isWhole) for (const chain of this.#heads.keys()) this.#chainOf(chain);
    const chains = [...this.#chains.values()].map((chain) => chain.end(mayEndEarly));
    return {
      ok: this.#faultCount === 0,
      records: chains.reduce((sum, { records }) => sum + records, 0),
      chains,
      faults: this.#faults,
      faultCount: this.#faultCount,
    };
  }

  #chainOf(name: string): ChainCheck {
    const known = this.#chains.get(name);
    if (known !== undefined) return known;
    const chain = new ChainCheck(name, this.#heads.get(name), this.#rules);
    this.#chains.set(name, chain);
    return chain;
  }

  #report(fault: AuditFault): void {
    this.#faultCount++;
    if (this.#faults.length < maxFaults) this.#faults.push(fault);
  }
}
