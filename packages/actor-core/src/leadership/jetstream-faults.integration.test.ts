import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { systemClock } from '../clock/system-clock.ts';
import { HistoryLoad } from '../testing/history/real/history-load.ts';
import { LeaderTrial } from '../testing/trials/leader-trial.ts';
import { type NatsCluster, startNatsCluster } from '../testing/nats-cluster.ts';
import { isFullProof, noteFigure, timesOf } from '../testing/trials/trial-figures.ts';
import { waitUntil } from '../testing/wait-until.ts';

// The short form. `npm run proof -- jetstream-faults` kills in ten rounds, and freezes ten leaders.
vi.setConfig({ testTimeout: isFullProof ? 1_800_000 : 240_000, hookTimeout: 90_000 });

const rounds = isFullProof ? 10 : 1;
const freezes = isFullProof ? 10 : 1;
const names = ['a', 'b', 'c', 'd', 'e'];
const options = { replicas: 3, groups: ['g1', 'g2', 'g3'], voters: ['a', 'b', 'c'] };
const frozenMs = 15_000;
const standStillMs = 3_000;
/** Time in which a death that was wrongly declared would be known everywhere. */
const watchedMs = 8_000;
const pause = (ms: number) => new Promise<void>((resolve) => systemClock.setTimer(ms, resolve));

let cluster: NatsCluster;
let trial: LeaderTrial;

beforeAll(async () => {
  cluster = await startNatsCluster();
  trial = await LeaderTrial.start(cluster.urls, names, options);
});
afterAll(async () => {
  await trial.dispose();
  await cluster.dispose();
});

it('loses no acknowledged write, and goes on by itself, when servers are killed under load', async () => {
  const load = await HistoryLoad.start(cluster.urls);
  const took: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const killed = new Set<number>();
    const kill = async (what: string, index: number) => {
      killed.add(index);
      took.push(await killServer(what, index, load));
    };
    await kill('the server that leads the stream', await trial.streamLeader('g1'));
    await kill('the server that leads JetStream', await cluster.metaLeader());
    for (const index of cluster.servers.keys())
      if (isFullProof || !killed.has(index)) await kill('each in turn', index);
  }
  noteFigure(timesOf('all groups write again after SIGKILL of a server', took));
  noteFigure({ load: await load.stop() });
  expect(trial.dead).toEqual([]);
  await expectRightLogs();
});

it('declares nobody dead while all servers stand still for 3 s', async () => {
  const tookMs = await trial.untilWritten(async () => {
    for (const index of cluster.servers.keys()) cluster.pause(index);
    await pause(standStillMs);
    cluster.heal();
  });
  await pause(watchedMs);
  expect(trial.dead).toEqual([]);
  noteFigure(timesOf('groups write again after the begin of a stand-still of 3 s', tookMs));
  await expectRightLogs();
});

it('accepts no stale write, and obeys no older term, when a leader stands still for 15 s', async () => {
  const took: number[] = [];
  for (let freeze = 0; freeze < freezes; freeze++) {
    const deaths = trial.dead.length;
    const { leader, tookMs } = await trial.replaceLeader('SIGSTOP', 'g1');
    took.push(tookMs);
    await pause(frozenMs - tookMs);
    // The processes of this test do see in the view that somebody is dead. How soon is measured by `detector`.
    await waitUntil('the frozen leader is dead', () => trial.dead.slice(deaths).includes(leader), 60_000);
    trial.signal(leader, 'SIGCONT');
    await pause(standStillMs);
    trial.signal(leader, 'SIGKILL');
    await trial.startProcess(leader);
  }
  noteFigure(timesOf('failover after SIGSTOP', took));
  await expectRightLogs();
});

/** Kills the server, waits until each group and the load go on, and starts the server again. */
async function killServer(what: string, index: number, load: HistoryLoad): Promise<number> {
  let loadMs: Promise<number> | undefined;
  const groups = await trial.untilWritten(async () => {
    await cluster.servers[index]?.stop('SIGKILL');
    loadMs = load.untilDone();
  });
  noteFigure({ killed: what, index, groupsMs: groups.map(Math.round), loadMs: await loadMs });
  await cluster.servers[index]?.start();
  await cluster.untilHealthy();
  return Math.max(...groups);
}

async function expectRightLogs(): Promise<void> {
  for (const group of trial.groups) {
    const audit = await trial.audit(group);
    noteFigure({ group, ...audit });
    expect(audit.stale).toEqual([]);
    expect(audit.lost).toEqual([]);
    expect(audit.acknowledged).toBeGreaterThan(100);
    expect(trial.receivers.get(group)?.obeyedOlder).toEqual([]);
    expect(trial.receivers.get(group)?.obeyed).toBeGreaterThan(0);
  }
}
