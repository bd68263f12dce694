import type { SwimConfig } from '../swim-config.ts';
import { SwimNetwork } from './swim-network.ts';

/** What one cluster size costs and how fast it learns. Times in milliseconds, rates per member and second. */
export interface ScaleFigures {
  readonly members: number;
  /** All start at once: until everybody sees everybody. */
  readonly joinMs: number;
  /** Messages that a member publishes when nothing happens, their bytes, and the messages that it receives. */
  readonly messages: number;
  readonly bytes: number;
  readonly received: number;
  /** 5 % of the processes end: until all of them are known everywhere. */
  readonly crashMs: number;
  /** Messages that a member publishes in the ten seconds from the crash on, their bytes, and what it receives. */
  readonly crashMessages: number;
  readonly crashBytes: number;
  readonly crashReceived: number;
  /** NATS falls apart in two halves for 15 s: until everybody sees everybody again after it heals. */
  readonly healMs: number;
  /** The same for the ten seconds from the healing on. */
  readonly healMessages: number;
  readonly healBytes: number;
  readonly healReceived: number;
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
  const steady = during(network, steadyMs, () => 0);
  const crashed = names.slice(0, Math.max(1, Math.floor(members * crashedShare)));
  const alive = names.slice(crashed.length);
  const crash = during(network, phaseMs, () => {
    for (const name of crashed) network.crash(name);
    return timed(network, () => crashed.every((name) => network.allSee(name, 'unreachable')));
  });
  for (const name of alive.slice(0, Math.floor(alive.length / 2))) network.moveTo(name, 1);
  network.run(partitionMs);
  const heal = during(network, phaseMs, () => {
    for (const name of alive) network.moveTo(name, 0);
    return timed(network, () => alive.every((name) => network.allSee(name, 'alive')));
  });
  const count = alive.length;
  return {
    members,
    joinMs: Math.round(joinMs),
    messages: round(steady.messages / members),
    bytes: Math.round(steady.bytes / members),
    received: round(steady.received / members),
    crashMs: Math.round(crash.ms),
    crashMessages: round(crash.messages / count),
    crashBytes: Math.round(crash.bytes / count),
    crashReceived: round(crash.received / count),
    healMs: Math.round(heal.ms),
    healMessages: round(heal.messages / count),
    healBytes: Math.round(heal.bytes / count),
    healReceived: round(heal.received / count),
  };
}

/** Rates of the whole cluster, per second. */
interface Rates {
  readonly messages: number;
  readonly bytes: number;
  readonly received: number;
}

/** How long `play` said that it took, and the rates from its start on, over at least so long. */
function during(network: SwimNetwork, leastMs: number, play: () => number): Rates & { readonly ms: number } {
  const { messages, bytes, deliveries, nowMs } = network;
  const ms = play();
  network.run(Math.max(0, nowMs + leastMs - network.nowMs));
  const seconds = (network.nowMs - nowMs) / 1_000;
  return {
    ms,
    messages: (network.messages - messages) / seconds,
    bytes: (network.bytes - bytes) / seconds,
    received: (network.deliveries - deliveries) / seconds,
  };
}

function timed(network: SwimNetwork, done: () => boolean): number {
  const sinceMs = network.nowMs;
  if (!network.run(longestMs, done)) throw new Error(`not converged after ${longestMs} ms`);
  return network.nowMs - sinceMs;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
