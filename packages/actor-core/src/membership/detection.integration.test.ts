import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../clock/system-clock.ts';
import { type Knowledge, type Loss, MemberProcesses } from '../testing/trials/member-processes.ts';
import { type NatsCluster, startNatsCluster } from '../testing/nats-cluster.ts';
import { isFullProof, noteFigure, playPart, timesOf } from '../testing/trials/trial-figures.ts';
import type { MembershipProfile } from './swim/swim-config.ts';

// The short form. `npm run proof -- detector` loses 30 members of each kind, and blocks main loops for 30 minutes.
const names = ['a', 'b', 'c', 'd', 'e'];
/** Parts of each trial. An interrupted proof goes on with the next one. */
const parts = isFullProof ? 6 : 1;
const losses = isFullProof ? 5 : 3;
const blockedMs = isFullProof ? 5 * 60_000 : 90_000;
const stallMs = 5_000;
/** Longest time until a killed member is known everywhere. */
const killedMs = 1_000;
/** As long as a failover may take, and a second. */
const leaderMs = 4_000;
const partMs = 300_000;
const timeout = 60_000 + parts * (isFullProof ? 2 * partMs : 120_000);

let cluster: NatsCluster | undefined;
let members: MemberProcesses | undefined;

afterEach(end);

async function end(): Promise<void> {
  await members?.dispose();
  await cluster?.dispose();
  members = undefined;
  cluster = undefined;
}

async function start(profile: MembershipProfile): Promise<MemberProcesses> {
  cluster = await startNatsCluster();
  members = await MemberProcesses.start({ urls: cluster.urls, names, profile, replicas: 3 });
  return members;
}

const pause = (ms: number) => new Promise<void>((resolve) => systemClock.setTimer(ms, resolve));

/** Loses one member after the other: the leader each time, or each time another one that does not lead. */
async function loseMembers(how: Loss, profile: MembershipProfile, who: 'leader' | 'other') {
  const known: Knowledge[] = [];
  for (let part = 0; part < parts; part++)
    known.push(...(await playPart(`${how} ${profile} ${who} ${part}`, () => play(part))));
  const what = `${who} lost by ${how}, profile ${profile}`;
  const times = {
    seen: timesOf(
      `${what}: unreachable for all`,
      known.map(({ seenMs }) => seenMs),
    ),
    dead: timesOf(
      `${what}: dead in all views`,
      known.map(({ deadMs }) => deadMs),
    ),
  };
  noteFigure(times.seen);
  noteFigure(times.dead);
  return times;

  async function play(part: number): Promise<readonly Knowledge[]> {
    const running = await start(profile);
    const played: Knowledge[] = [];
    for (let loss = 0; loss < losses; loss++) {
      const leader = running.leader() as string;
      const others = names.filter((name) => name !== leader);
      const lost = who === 'leader' ? leader : (others[(part + loss) % others.length] as string);
      played.push(await running.lose(lost, how));
      await running.replace(lost);
    }
    expect(running.falseDeaths).toEqual([]);
    await end();
    return played;
  }
}

it(`knows everywhere within ${killedMs} ms that a member was killed`, { timeout }, async () => {
  const { seen } = await loseMembers('SIGKILL', 'lan', 'other');
  expect(seen.p99Ms).toBeLessThanOrEqual(killedMs);
});

it(`lists a killed leader as dead in all views within ${leaderMs} ms`, { timeout }, async () => {
  const { dead } = await loseMembers('SIGKILL', 'lan', 'leader');
  expect(dead.p99Ms).toBeLessThanOrEqual(leaderMs);
});

it.each([
  ['SIGSTOP', 'tuned', 2_500],
  ['SIGSTOP', 'lan', 6_500],
  ['cut', 'tuned', 2_500],
  ['cut', 'lan', 6_500],
] as const)(
  'knows everywhere that a member is frozen or cut off (%s), with the profile %s at the median within %i ms',
  { timeout },
  async (how, profile, mostMs) => {
    const { seen } = await loseMembers(how, profile, 'other');
    expect(seen.medianMs).toBeLessThanOrEqual(mostMs);
  },
);

it.each(['tuned', 'lan'] as const)(
  'declares nobody dead whose main loop is blocked for 5 s, with the profile %s',
  { timeout },
  async (profile) => {
    let seen = 0;
    for (let part = 0; part < parts; part++)
      seen += await playPart(`blocked ${profile} ${part}`, () => blockSome(profile, part));
    noteFigure({
      what: `main loops blocked for ${stallMs} ms, profile ${profile}`,
      minutes: (parts * blockedMs) / 60_000,
      sightings: seen,
    });
    expect(seen).toBeGreaterThanOrEqual(4 * parts);
  },
);

/** Blocks one main loop after the other, also that of the leader. Returns how often that was seen. */
async function blockSome(profile: MembershipProfile, part: number): Promise<number> {
  const running = await start(profile);
  const untilMs = systemClock.now() + blockedMs;
  for (let i = part; systemClock.now() < untilMs; i++) {
    running.stall(names[(3 * i) % names.length] as string, stallMs);
    await pause(stallMs + 500);
  }
  await running.converge();
  expect(running.falseDeaths).toEqual([]);
  const { stallsSeen } = running;
  await end();
  return stallsSeen;
}

it('declares nobody dead while all servers stand still for 3 s', { timeout }, async () => {
  const running = await start('tuned');
  for (let i = 0; i < 3; i++) {
    for (const index of [0, 1, 2]) cluster?.pause(index);
    await pause(3_000);
    cluster?.heal();
    await pause(5_000);
  }
  await running.converge();
  expect(running.falseDeaths).toEqual([]);
});
