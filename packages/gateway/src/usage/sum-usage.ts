import { addCounts, noCounts, type UsageCounts, type UsageRow } from './usage-row.ts';
import type { ReadUsage } from './usage-store.ts';

/** What usage can be summed up by. */
export const usageFields = ['hour', 'key', 'tenant', 'model', 'agent'] as const;
export type UsageField = (typeof usageFields)[number];

/** Which usage is wanted. */
export interface UsageQuestion {
  /** First and last hour since the epoch. */
  readonly fromHour: number;
  readonly toHour: number;
  /** Only these; undefined: all. */
  readonly only: Readonly<Partial<Record<Exclude<UsageField, 'hour'>, string>>>;
  readonly by: readonly UsageField[];
}

/** One line of an answer: the values of the fields that were asked for, and the sums. */
export interface UsageSum {
  readonly fields: Readonly<Partial<Record<UsageField, string | number>>>;
  readonly counts: UsageCounts;
}

/** Most lines of an answer. */
const maxSums = 10_000;

/** Sums up usage as it is read. */
export class UsageSums {
  readonly #question: UsageQuestion;
  readonly #sums = new Map<string, UsageSum>();
  /** All that was wanted together. */
  total: UsageCounts = noCounts;
  /** False where more lines were wanted than an answer may have: `total` has them all. */
  isComplete = true;

  constructor(question: UsageQuestion) {
    this.#question = question;
  }

  /** The lines, the one with most tokens first; by hour in the order of the hours. */
  get sums(): readonly UsageSum[] {
    const tokens = ({ counts }: UsageSum) => counts.promptTokens + counts.outputTokens;
    const hour = ({ fields }: UsageSum) => Number(fields.hour ?? 0);
    return [...this.#sums.values()].toSorted((a, b) => hour(a) - hour(b) || tokens(b) - tokens(a));
  }

  add({ hour, rows }: ReadUsage): void {
    const { fromHour, toHour } = this.#question;
    if (hour < fromHour || hour > toHour) return;
    for (const row of rows) if (this.#isWanted(row)) this.#addRow(hour, row);
  }

  #isWanted(row: UsageRow): boolean {
    const { key, tenant, model, agent } = this.#question.only;
    return (
      (key === undefined || key === row.keyId) &&
      (tenant === undefined || tenant === row.tenant) &&
      (model === undefined || model === row.model) &&
      (agent === undefined || agent === row.agent)
    );
  }

  #addRow(hour: number, row: UsageRow): void {
    this.total = addCounts(this.total, row);
    const values = { hour, key: row.keyId, tenant: row.tenant, model: row.model, agent: row.agent };
    const fields = Object.fromEntries(this.#question.by.map((field) => [field, values[field]]));
    const id = JSON.stringify(fields);
    const known = this.#sums.get(id);
    if (known === undefined && this.#sums.size >= maxSums) {
      this.isComplete = false;
      return;
    }
    this.#sums.set(id, { fields, counts: addCounts(known?.counts ?? noCounts, row) });
  }
}
