import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { drive, type RemoteWorkloadName } from './drive.ts';
import type { RemoteArm } from './remote-arm.ts';

/**
 * Size of the warm-up: a share of the measured number of messages, and a minimum. V8 has compiled the code of both
 * processes after about 10,000 messages.
 */
const warmUpShare = 0.3;
const warmUpLeast = 15_000;

/**
 * Usage: `node caller-main.js ARM_MODULE NATS_URL PAIR WORKLOAD COUNT`
 *
 * Warms up, reports that it is ready, waits for a line on stdin, runs, and prints one `RemoteOutcome` with its own CPU
 * time. If the arm does not support the workload, reports `absent` and waits until stdin closes.
 */
const [file, natsUrl, pair, workload, countText] = process.argv.slice(2) as [
  string,
  string,
  string,
  RemoteWorkloadName,
  string,
];
const count = Number(countText);
const { default: arm } = (await import(pathToFileURL(file).href)) as { default: RemoteArm };
const caller = await arm.call({ natsUrl, pair });
const absent = workload === 'tell-128' && (caller.tell === undefined || caller.onHandled === undefined);
const warmedUp = Math.max(warmUpLeast, Math.round(count * warmUpShare));
if (!absent) await drive(caller, workload, warmedUp);
process.stdout.write(`${JSON.stringify({ event: 'ready', pid: process.pid, absent })}\n`);
// The parent process has ended.
process.stdin.once('end', () => process.exit(1));
await once(process.stdin, 'data');
const cpu = process.cpuUsage();
const outcome = await drive(caller, workload, count);
const { user, system } = process.cpuUsage(cpu);
process.stdout.write(
  `${JSON.stringify({ event: 'outcome', ...outcome, warmedUp, callerMicros: user + system })}\n`,
  () => {
    void caller.close().finally(() => process.exit(0));
  },
);
