import { afterEach, expect, it } from 'vitest';
import { LeaderTrial } from '../testing/leader-trial.ts';
import { type NatsCluster, startNatsCluster } from '../testing/nats-cluster.ts';
import { histogramOf, isFullProof, noteFigure, timesOf } from '../testing/trial-figures.ts';

// The short form. `npm run proof -- failover` kills 100 leaders.
const kills = isFullProof ? 100 : 20;
/** From the kill to the next accepted fenced write of another leader. */
const barMs = 3_000;
const names = ['v1', 'v2', 'v3', 'v4', 'v5'];

let cluster: NatsCluster;
let trial: LeaderTrial;

afterEach(async () => {
  await trial.dispose();
  await cluster.dispose();
});

it(`has a successor that writes within ${barMs} ms of each of ${kills} kills of the leader`, {
  timeout: 60_000 + kills * 12_000,
}, async () => {
  cluster = await startNatsCluster();
  trial = await LeaderTrial.start(cluster.urls, names, { replicas: 3 });
  const took: number[] = [];
  for (let kill = 0; kill < kills; kill++) {
    const streamLed = await trial.streamLeader('control');
    const { leader, ledMs, tookMs } = await trial.replaceLeader('SIGKILL');
    took.push(tookMs);
    // A stream that changes its own leader meanwhile accepts nothing for seconds.
    if (tookMs > barMs)
      noteFigure({ slow: kill, ledMs, tookMs, streamLed: [streamLed, await trial.streamLeader('control')] });
    await trial.startProcess(leader);
  }
  const audit = await trial.audit();
  noteFigure({ ...timesOf('failover after SIGKILL', took), writes: audit.writes, stale: audit.stale.length });
  noteFigure({ histogram: histogramOf(took) });
  expect(audit.stale).toEqual([]);
  expect(audit.lost).toEqual([]);
  expect(audit.acknowledged).toBeGreaterThan(kills);
  expect(audit.leads).toBeGreaterThan(kills);
  expect(trial.receivers.get('control')?.obeyedOlder).toEqual([]);
  expect(timesOf('failover', took).p99Ms).toBeLessThanOrEqual(barMs);
});
