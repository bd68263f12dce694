import { afterEach, expect, it } from 'vitest';
import { LeaderTrial } from '../testing/trials/leader-trial.ts';
import { type NatsCluster, startNatsCluster } from '../testing/nats-cluster.ts';
import { histogramOf, isFullProof, noteFigure, playPart, timesOf } from '../testing/trials/trial-figures.ts';

// The short form. `npm run proof -- failover` kills 100 leaders, in parts.
const parts = isFullProof ? 5 : 1;
const kills = 20;
/** From the kill to the next accepted fenced write of another leader. */
const barMs = 3_000;
const names = ['v1', 'v2', 'v3', 'v4', 'v5'];

let cluster: NatsCluster | undefined;
let trial: LeaderTrial | undefined;

afterEach(end);

async function end(): Promise<void> {
  await trial?.dispose();
  await cluster?.dispose();
  trial = undefined;
  cluster = undefined;
}

it(`has a successor that writes within ${barMs} ms of each of ${parts * kills} kills of the leader`, {
  timeout: parts * (60_000 + kills * 12_000),
}, async () => {
  const took: number[] = [];
  for (let part = 0; part < parts; part++)
    took.push(...(await playPart(`failover ${part}`, () => killLeaders(part * kills))));
  const times = timesOf('failover after SIGKILL', took);
  noteFigure(times);
  noteFigure({ histogram: histogramOf(took) });
  expect(times.p99Ms).toBeLessThanOrEqual(barMs);
});

/** Kills one leader after the other. Returns how long each failover took. */
async function killLeaders(before: number): Promise<readonly number[]> {
  cluster = await startNatsCluster();
  trial = await LeaderTrial.start(cluster.urls, names, { replicas: 3 });
  const took: number[] = [];
  for (let kill = 0; kill < kills; kill++) {
    const streamLed = await trial.streamLeader('control');
    const { leader, ledMs, tookMs, timeline } = await trial.replaceLeader('SIGKILL');
    took.push(tookMs);
    const { steps, ...phases } = timeline;
    // A stream that changes its own leader meanwhile accepts nothing for seconds.
    const streamLeaders = [streamLed, await trial.streamLeader('control')];
    const why = tookMs > barMs ? { streamLeaders, steps } : {};
    noteFigure({ kill: before + kill, ...phases, ledMs, tookMs, ...why });
    await trial.startProcess(leader);
  }
  const audit = await trial.audit();
  noteFigure({ kills, writes: audit.writes, leads: audit.leads, stale: audit.stale.length });
  expect(audit.stale).toEqual([]);
  expect(audit.lost).toEqual([]);
  expect(audit.acknowledged).toBeGreaterThan(kills);
  expect(audit.leads).toBeGreaterThan(kills);
  expect(trial.receivers.get('control')?.obeyedOlder).toEqual([]);
  await end();
  return took;
}
