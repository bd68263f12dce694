import { appendFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../clock/system-clock.ts';
import { MemberProcesses } from '../testing/member-processes.ts';
import { type NatsServer, startNatsServer } from '../testing/nats-server.ts';
import type { MembershipProfile } from './swim/swim-config.ts';

// The short form. `npm run proof -- detector` plays 30 trials of each kind, and blocks main loops for 30 minutes.
const isFull = process.env['DROVER_PROOF'] === 'full';
const kills = isFull ? 30 : 5;
const freezes = isFull ? 30 : 3;
const blockedMs = isFull ? 30 * 60_000 : 22_000;
const hourMs = 3_600_000;
const names = ['a', 'b', 'c', 'd', 'e'];
const stallMs = 5_000;

let server: NatsServer;
let members: MemberProcesses;

async function start(profile: MembershipProfile): Promise<void> {
  server = await startNatsServer();
  members = new MemberProcesses(server.url, profile);
  await Promise.all(names.map((name) => members.start(name)));
  await members.converge();
}

const pause = (ms: number) => new Promise<void>((resolve) => systemClock.setTimer(ms, resolve));

afterEach(async () => {
  await members.dispose();
  await server.dispose();
});

it('knows everywhere within a second that a process was killed', {
  timeout: isFull ? hourMs : 90_000,
}, async () => {
  await start('lan');
  const afterMs: number[] = [];
  for (let i = 0; i < kills; i++) {
    afterMs.push(...(await members.lose('c', 'SIGKILL')));
    members.forget('c');
    await members.start('c');
    await members.converge();
  }
  report('killed', afterMs);
  expect(Math.max(...afterMs)).toBeLessThanOrEqual(1_000);
  expect(members.falseDeaths).toEqual([]);
});

it.each([
  ['SIGSTOP', 'tuned', 2_500],
  ['SIGSTOP', 'lan', 6_500],
  ['cut', 'tuned', 2_500],
  ['cut', 'lan', 6_500],
] as const)(
  'knows a process that is frozen or whose link is cut (%s) with the profile %s at the median within %i ms',
  {
    timeout: isFull ? hourMs : 120_000,
  },
  async (how, profile, mostMs) => {
    await start(profile);
    const afterMs: number[] = [];
    for (let i = 0; i < freezes; i++) {
      afterMs.push(...(await members.lose('c', how)));
      members.resume('c');
      await members.converge();
    }
    report(`${how}, ${profile}`, afterMs);
    expect(afterMs.toSorted((a, b) => a - b)[Math.floor(afterMs.length / 2)]).toBeLessThanOrEqual(mostMs);
    expect(members.falseDeaths).toEqual([]);
  },
);

it.each(['tuned', 'lan'] as const)(
  'calls nobody unreachable whose main loop is blocked for 5 s, with the profile %s',
  { timeout: isFull ? hourMs : 120_000 },
  async (profile) => {
    await start(profile);
    const untilMs = systemClock.now() + blockedMs;
    for (let i = 0; systemClock.now() < untilMs; i++) {
      members.stall(names[(3 * i) % names.length] as string, stallMs);
      await pause(stallMs + 500);
    }
    expect(members.falseDeaths).toEqual([]);
    expect(members.stallsSeen).toBeGreaterThanOrEqual(4);
  },
);

it('calls nobody unreachable while the nats-server stands still for 3 s', {
  timeout: isFull ? hourMs : 90_000,
}, async () => {
  await start('tuned');
  for (let i = 0; i < 3; i++) {
    process.kill(server.pid, 'SIGSTOP');
    await pause(3_000);
    process.kill(server.pid, 'SIGCONT');
    await pause(5_000);
  }
  expect(members.falseDeaths).toEqual([]);
  await members.converge();
});

function report(what: string, afterMs: readonly number[]): void {
  const sorted = afterMs.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  const line = `${what}: known after ${at(0.5)} ms at the median, ${at(1)} ms at most (${sorted.length} sightings)`;
  process.stdout.write(`${line}\n`);
  const file = process.env['DROVER_FIGURES'];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ what, p50: at(0.5), max: at(1) })}\n`);
}
