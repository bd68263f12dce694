import { type CheckName, checkTable } from './check-table.ts';

/** One line of the doctor's report. `fix` is empty without a fault. */
export interface Check {
  readonly check: CheckName;
  readonly ok: boolean;
  readonly detail: string;
  readonly fix: string;
}

export function good(check: CheckName, detail: string): Check {
  return { check, ok: true, detail, fix: '' };
}

/** @param fix what to do, if the findings allow a more exact text than the one in the table */
export function bad(check: CheckName, detail: string, fix: string = checkTable[check].fix): Check {
  return { check, ok: false, detail, fix };
}
