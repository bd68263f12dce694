import { type CheckName, checkTable } from './check-table.ts';

/** One line of the doctor's report. `fix` is empty where nothing is wrong. */
export interface Check {
  readonly check: CheckName;
  readonly ok: boolean;
  readonly detail: string;
  readonly fix: string;
}

export function good(check: CheckName, detail: string): Check {
  return { check, ok: true, detail, fix: '' };
}

/** @param fix what to do, where the facts say it more exactly than the table */
export function bad(check: CheckName, detail: string, fix: string = checkTable[check].fix): Check {
  return { check, ok: false, detail, fix };
}
