import { fileURLToPath } from 'node:url';
import { runForJson } from '../json-child.ts';
import type { BenchForm } from '../suite.ts';
import type { ActorArm, Outcome } from './actor-arm.ts';
import { sizesOf, type Workload } from './workload.ts';

const measureMain: string = fileURLToPath(new URL('./measure-main.js', import.meta.url));
const rowTimeoutMs = 180_000;

/** An arm and its file, which is loaded again in each fresh process. */
export interface LoadedArm {
  readonly arm: ActorArm;
  readonly file: string;
  readonly version: string;
}

/** Number of operations of the arm in a workload; 0 if the arm does not support the workload. */
export function operationsOf({ arm }: LoadedArm, workload: Workload, form: BenchForm): number {
  const sizes = sizesOf(workload, form);
  const share = arm.share?.[workload.name] ?? 1;
  if (share === 0) return 0;
  return Math.max(1, Math.round((sizes.count * share) / sizes.width)) * sizes.width;
}

/**
 * Runs one row in a fresh process. Undefined if the arm does not support the workload.
 *
 * @throws Error when the process fails, or when a message that was sent was not delivered
 */
export async function runRow(
  loaded: LoadedArm,
  workload: Workload,
  count: number,
  form: BenchForm,
): Promise<Outcome | undefined> {
  const { arm, file } = loaded;
  const { width } = sizesOf(workload, form);
  const command = arm.command?.(workload.name, { count, width }) ?? {
    file: process.execPath,
    args: ['--expose-gc', ...(arm.nodeFlags ?? []), measureMain, file].concat(
      workload.name,
      String(count),
      String(width),
    ),
  };
  let outcome: Partial<Outcome>;
  try {
    outcome = await runForJson<Partial<Outcome>>(command.file, command.args, { timeoutMs: rowTimeoutMs });
  } catch (error) {
    throw new Error(`${arm.name}, ${workload.name}: ${(error as Error).message}`, { cause: error });
  }
  const { sent, delivered } = outcome;
  if (sent === undefined || delivered === undefined) return undefined;
  if (!(sent > 0 && delivered === sent))
    throw new Error(`${arm.name}, ${workload.name}: ${sent} messages sent, ${delivered} delivered`);
  return outcome as Outcome;
}
