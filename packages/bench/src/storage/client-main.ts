import { pathToFileURL } from 'node:url';
import { drive, type StorageOutcome } from './drive.ts';
import type { StorageArm } from './storage-arm.ts';
import { storageWorkloads } from './workloads.ts';

/**
 * Usage: `node client-main.js ARM_MODULE HOST:PORT WORKLOAD=COUNT…`
 *
 * Runs the workloads one after the other, each after its warm-up, and prints one JSON object: an outcome for each
 * workload that the arm supports.
 */
const [file, server, ...rows] = process.argv.slice(2) as [string, string, ...string[]];
const { default: arm } = (await import(pathToFileURL(file).href)) as { default: StorageArm };
const client = await arm.connect(server);
const outcomes: Record<string, StorageOutcome> = {};
for (const text of rows) {
  const [name, count] = text.split('=');
  const workload = storageWorkloads.find((entry) => entry.name === name);
  if (workload === undefined) throw new Error(`no workload ${name}`);
  const outcome = await drive(client, workload, Number(count));
  if (outcome !== undefined) outcomes[workload.name] = outcome;
}
await client.close();
process.stdout.write(`${JSON.stringify(outcomes)}\n`, () => process.exit(0));
