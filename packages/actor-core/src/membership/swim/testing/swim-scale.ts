import type { SwimConfig } from '../swim-config.ts';
import { SwimNetwork } from './swim-network.ts';

/** What one cluster size costs and how fast it learns. Times in milliseconds, rates per member and second. */
export interface ScaleFigures {
  readonly members: number;
  /** All start at once: until everybody sees everybody. */
  readonly joinMs: number;
  /** Messages that a member publishes when nothing happens, and their bytes. */
  readonly messages: number;
  readonly bytes: number;
  /** 5 % of the processes end: until all of them are known everywhere. */
  readonly crashMs: number;
  /** Messages that a member publishes in the ten seconds from the crash on. */
  readonly crashMessages: number;
  /** NATS falls apart in two halves for 15 s: until everybody sees everybody again after it heals. */
  readonly healMs: number;
  /** Messages that a member publishes in the ten seconds from the healing on, and their bytes. */
  readonly healMessages: number;
  readonly healBytes: number;
}

const steadyMs = 20_000;
const phaseMs = 10_000;
const partitionMs = 15_000;
const longestMs = 180_000;
const crashedShare = 0.05;

/** Plays join, a crash of 5 %, and a partition that heals. @throws Error when the members do not find each other */
export function measureScale(members: number, seed: number, config: SwimConfig): ScaleFigures {
  const network = new SwimNetwork({ seed, config, countsBytes: true });
  const names = network.joinAll(members);
  const joinMs = timed(network, () => network.isConverged());
  network.run(phaseMs);
  const steady = counted(network, steadyMs);
  const crashed = names.slice(0, Math.max(1, Math.floor(members * crashedShare)));
  const crash = during(network, () => {
    for (const name of crashed) network.crash(name);
    return timed(network, () => crashed.every((name) => network.allSee(name, 'unreachable')));
  });
  const alive = names.slice(crashed.length);
  for (const name of alive.slice(0, Math.floor(alive.length / 2))) network.moveTo(name, 1);
  network.run(partitionMs);
  const heal = during(network, () => {
    for (const name of alive) network.moveTo(name, 0);
    return timed(network, () => alive.every((name) => network.allSee(name, 'alive')));
  });
  return {
    members,
    joinMs: Math.round(joinMs),
    messages: round(steady.messages / members),
    bytes: Math.round(steady.bytes / members),
    crashMs: Math.round(crash.ms),
    crashMessages: round(crash.messages / alive.length),
    healMs: Math.round(heal.ms),
    healMessages: round(heal.messages / alive.length),
    healBytes: Math.round(heal.bytes / alive.length),
  };
}

/** How long it took until `done`, and the rates from the start on, over at least ten seconds. */
function during(
  network: SwimNetwork,
  play: () => number,
): { readonly ms: number; readonly messages: number; readonly bytes: number } {
  const before = { messages: network.messages, bytes: network.bytes, nowMs: network.nowMs };
  const ms = play();
  network.run(Math.max(0, phaseMs - ms));
  const seconds = (network.nowMs - before.nowMs) / 1_000;
  return {
    ms,
    messages: (network.messages - before.messages) / seconds,
    bytes: (network.bytes - before.bytes) / seconds,
  };
}

function counted(network: SwimNetwork, ms: number): { readonly messages: number; readonly bytes: number } {
  const { messages, bytes } = network;
  network.run(ms);
  const seconds = ms / 1_000;
  return { messages: (network.messages - messages) / seconds, bytes: (network.bytes - bytes) / seconds };
}

function timed(network: SwimNetwork, done: () => boolean): number {
  const sinceMs = network.nowMs;
  if (!network.run(longestMs, done)) throw new Error(`not converged after ${longestMs} ms`);
  return network.nowMs - sinceMs;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
