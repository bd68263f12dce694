import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../clock/system-clock.ts';
import { silentLogger } from '../../logger.ts';
import { systemRandom } from '../../random/system-random.ts';
import { connectNats } from '../../transport/connect-nats.ts';
import { createSubjects } from '../../transport/subjects.ts';
import { answerPulse } from './pulse.ts';
import { beatIndex, beatMs, connectedIndex, type FromPulse, type PulseStart } from './pulse-message.ts';

/** The first connection is tried for as long as the process runs. */
const connectTimeoutMs = 2 ** 31 - 1;

/**
 * Entry point of the pulse thread. It notes when the main loop beat last, and answers questions for the pulse with the
 * time since then. It knows nothing else of the process, so that nothing else can block it.
 */
async function main(port: MessagePort, start: PulseStart): Promise<void> {
  const shared = new Int32Array(start.shared);
  let beat = Atomics.load(shared, beatIndex);
  let beatAtMs = systemClock.now();
  const look = () => {
    const seen = Atomics.load(shared, beatIndex);
    if (seen !== beat) beatAtMs = systemClock.now();
    beat = seen;
    systemClock.setTimer(beatMs, look);
  };
  look();
  const { node, incarnation, cell, servers, creds, user, pass } = start;
  const transport = await connectNats({
    node,
    servers,
    creds,
    user,
    pass,
    connectTimeoutMs,
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
  });
  const say = (isRunning: boolean) => port.postMessage({ isRunning } satisfies FromPulse);
  answerPulse(transport, createSubjects(cell), node, () => ({
    incarnation,
    lagMs: Math.max(0, systemClock.now() - beatAtMs - 2 * beatMs),
    isConnected: Atomics.load(shared, connectedIndex) === 1,
  }));
  transport.onConnectionChange(say);
  await transport.flush({ timeoutMs: 5_000 }).catch(() => undefined);
  say(transport.connected);
  port.once('message', () => void transport.close().finally(() => port.close()));
}

if (parentPort !== null) await main(parentPort, workerData as PulseStart);
