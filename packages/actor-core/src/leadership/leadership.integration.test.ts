import { afterEach, expect, it, vi } from 'vitest';
import { systemClock } from '../clock/system-clock.ts';
import { LeaderTrial } from '../testing/trials/leader-trial.ts';
import { type NatsServer, startNatsServer } from '../testing/nats-server.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 30_000 });

const names = ['v1', 'v2', 'v3'];
const kills = 3;
const frozenMs = 15_000;
const sleep = (ms: number) => new Promise<void>((resolve) => systemClock.setTimer(ms, resolve));

let server: NatsServer;
let trial: LeaderTrial;

async function setup(): Promise<void> {
  server = await startNatsServer();
  trial = await LeaderTrial.start([server.url], names);
}

afterEach(async () => {
  await trial.dispose();
  await server.dispose();
});

it('a leader that is killed under load has a successor within seconds, and no stale write is accepted', async (test) => {
  await setup();
  const tookMs: number[] = [];
  for (let kill = 0; kill < kills; kill++) {
    let killed = '';
    tookMs.push(
      await trial.failOver((leader) => {
        killed = leader;
        trial.signal(leader, 'SIGKILL');
      }),
    );
    await trial.startProcess(killed);
    // A voter that has just started abstains for one election.
    await sleep(3_000);
  }
  const audit = await trial.audit();
  expect(audit.stale).toEqual([]);
  expect(audit.leads).toBeGreaterThan(kills);
  expect(Math.max(...tookMs)).toBeLessThan(10_000);
  await test.annotate(
    `failover after SIGKILL: ${tookMs.map(Math.round).join(', ')} ms; ${audit.writes} writes`,
  );
});

it('a leader that stands still for 15 s is replaced, and none of its writes is accepted afterwards', async (test) => {
  await setup();
  let frozen = '';
  const tookMs = await trial.failOver((leader) => {
    frozen = leader;
    trial.signal(leader, 'SIGSTOP');
  });
  const before = await trial.audit();
  await sleep(frozenMs - tookMs);
  trial.signal(frozen, 'SIGCONT');
  await sleep(3_000);
  const audit = await trial.audit();
  expect(audit.stale).toEqual([]);
  expect(audit.lost).toEqual([]);
  expect(trial.receivers.get('control')?.obeyedOlder).toEqual([]);
  expect(audit.writes).toBeGreaterThan(before.writes);
  expect(trial.leader()).not.toBe(frozen);
  await test.annotate(`failover after SIGSTOP: ${Math.round(tookMs)} ms; ${audit.writes} writes`);
});

it('a log that is deleted under load is made again, and one leads in it', async (test) => {
  await setup();
  const tookMs = await trial.failOver(async () => {
    await trial.node.transport.request('$JS.API.STREAM.DELETE.CTL_test_G_control', new Uint8Array(0), {
      timeoutMs: 5_000,
    });
  });
  await sleep(1_000);
  const audit = await trial.audit();
  expect(audit.stale).toEqual([]);
  expect(audit.writes).toBeGreaterThan(0);
  await test.annotate(`led again ${Math.round(tookMs)} ms after the log was deleted`);
});
