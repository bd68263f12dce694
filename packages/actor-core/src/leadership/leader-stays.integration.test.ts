import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../clock/system-clock.ts';
import { LeaderTrial } from '../testing/trials/leader-trial.ts';
import { type NatsServer, startNatsServer } from '../testing/nats-server.ts';
import { waitUntil } from '../testing/wait-until.ts';

// Which process is back first depends on the load of the machine: this file has it for itself.
const sleep = (ms: number) => new Promise<void>((resolve) => systemClock.setTimer(ms, resolve));

let server: NatsServer;
let trial: LeaderTrial;

afterEach(async () => {
  await trial.dispose();
  await server.dispose();
});

it('a leader stays when nats-server restarts or stands still, and writes again', async (test) => {
  server = await startNatsServer();
  trial = await LeaderTrial.start([server.url], ['v1', 'v2', 'v3']);
  const leader = await trial.untilLed();
  const { leads } = await trial.audit();
  await server.stop('SIGKILL');
  await server.start();
  await waitUntil('the watcher is connected', () => trial.node.transport.connected);
  await trial.untilLed();
  process.kill(server.pid, 'SIGSTOP');
  await sleep(3_000);
  process.kill(server.pid, 'SIGCONT');
  const sinceMs = systemClock.now();
  const { writes } = await trial.audit();
  for (;;) {
    const audit = await trial.audit();
    expect(audit.stale).toEqual([]);
    if (audit.writes > writes) break;
    expect(systemClock.now() - sinceMs).toBeLessThan(15_000);
    await sleep(50);
  }
  expect(await trial.untilLed()).toBe(leader);
  expect((await trial.audit()).leads).toBe(leads);
  await test.annotate(
    `writes go on ${Math.round(systemClock.now() - sinceMs)} ms after a stand-still of 3 s`,
  );
});
