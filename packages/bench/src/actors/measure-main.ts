import { pathToFileURL } from 'node:url';
import type { ActorArm } from './actor-arm.ts';
import { measure } from './measure.ts';
import type { WorkloadName } from './workload.ts';

/**
 * Usage: `node --expose-gc measure-main.js ARM_MODULE WORKLOAD COUNT WIDTH`
 *
 * Prints one `Outcome`, or `{}` for a workload that the arm leaves out. With --cpu-prof it also writes a CPU profile.
 */
const [modulePath, workload, count, width] = process.argv.slice(2);
if (modulePath === undefined || workload === undefined) {
  process.stderr.write('usage: node --expose-gc measure-main.js ARM_MODULE WORKLOAD COUNT WIDTH\n');
  process.exit(2);
}
const module = (await import(pathToFileURL(modulePath).href)) as { default: ActorArm };
const outcome = await measure(module.default, workload as WorkloadName, {
  count: Number(count),
  width: Number(width),
});
process.stdout.write(`${JSON.stringify(outcome ?? {})}\n`, () => process.exit(0));
