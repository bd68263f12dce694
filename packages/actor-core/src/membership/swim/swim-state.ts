import type { Random } from '../../random.ts';
import type { SwimMember, SwimStatus } from './member-list.ts';
import { RumourQueue } from './rumour-queue.ts';
import type { SwimConfig } from './swim-config.ts';
import type { Rumour, SelfClaim, SwimEnvelope } from './swim-message.ts';

/** What happens to the failure detector. */
export type SwimEvent =
  /** The wake-up asked for by `wakeAtMs`. */
  | { readonly kind: 'tick' }
  | { readonly kind: 'received'; readonly from: string; readonly envelope: SwimEnvelope }
  /** The answer to the pulse question with this sequence. */
  | { readonly kind: 'pulse'; readonly from: string; readonly sequence: number; readonly answer: PulseAnswer }
  /** NATS knows no subscriber for the knock with this sequence. */
  | { readonly kind: 'refused'; readonly to: string; readonly sequence: number }
  | { readonly kind: 'connection'; readonly connected: boolean }
  | { readonly kind: 'metadata'; readonly metadata: Uint8Array }
  /** Every member is asked about itself soon. */
  | { readonly kind: 'poll' }
  /** The view has removed this incarnation: nothing of it is kept. */
  | { readonly kind: 'forget'; readonly node: string; readonly incarnation: number }
  | { readonly kind: 'leave' };

/** What the shell has to do. */
export type SwimEffect =
  | { readonly kind: 'send'; readonly to: string; readonly envelope: SwimEnvelope }
  | { readonly kind: 'broadcast'; readonly envelope: SwimEnvelope }
  /** A message to the pulse subject of a member. The member does not answer; NATS does where nobody subscribes. */
  | { readonly kind: 'knock'; readonly to: string; readonly sequence: number }
  /**
   * The question whether the process of a member lives. Its pulse thread answers, also while its main loop is
   * blocked.
   */
  | { readonly kind: 'pulse'; readonly to: string; readonly sequence: number }
  | { readonly kind: 'changed'; readonly member: SwimMember; readonly was: SwimStatus | undefined }
  /**
   * A newer process uses this node's id: this one must stop. `metadata`: that of the newer process, where it sent
   * any.
   */
  | { readonly kind: 'replaced'; readonly incarnation: number; readonly metadata: Uint8Array | undefined }
  /**
   * Members state that they know a later incarnation of this node, and therefore ignore this one. `witnesses`: how many
   * members said so, of `others` that are up.
   */
  | {
      readonly kind: 'outdated';
      readonly incarnation: number;
      readonly witnesses: number;
      readonly others: number;
    };

/** What the pulse of a process says about it. */
export interface PulseAnswer {
  readonly incarnation: number;
  /** How long the main loop of the process has been blocked, milliseconds. */
  readonly lagMs: number;
  /** False while the main connection of the process is lost: its pulse does not speak for it then. */
  readonly isConnected: boolean;
}

/** The probe under way. */
export interface Probe {
  readonly node: string;
  readonly sequence: number;
  readonly startedAtMs: number;
  /** When other members are asked to probe; undefined once they are. */
  indirectAtMs: number | undefined;
  endAtMs: number;
  helpers: number;
  nacks: number;
}

/** The question to NATS whether the next member of the ring still subscribes. */
export interface Knock {
  readonly node: string;
  sequence: number;
  /** Refusals in a row. */
  refusals: number;
}

/** A ping sent on behalf of another member. */
export interface Relay {
  readonly asker: string;
  readonly askerSequence: number;
  readonly target: string;
  readonly untilMs: number;
}

/** Everything the failure detector of one node knows. Changed in place by `decideSwim`. */
export interface SwimState {
  readonly node: string;
  readonly config: SwimConfig;
  readonly random: Random;
  readonly self: { -readonly [K in keyof Required<SelfClaim>]: Required<SelfClaim>[K] } & {
    metadata: Uint8Array;
  };
  readonly members: Map<string, SwimMember>;
  readonly suspects: Set<string>;
  /** No suspicion ends before this instant. With many of them, the end of each is not computed after every event. */
  suspicionAtMs: number;
  /** Ids of the members that are up (alive or suspect), sorted. */
  readonly up: string[];
  readonly rumours: RumourQueue;
  /** Members to ask about themselves soon, with the rumour to check. */
  readonly contacts: Map<string, Rumour | undefined>;
  /** Members that were asked, and what is believed if they do not answer. */
  readonly checks: Map<string, { readonly rumour: Rumour; readonly untilMs: number }>;
  readonly relays: Map<number, Relay>;
  /** Order in which members are probed; shuffled anew after each round. */
  round: string[];
  sequence: number;
  probe: Probe | undefined;
  knock: Knock | undefined;
  /** Members that know a later incarnation of this node, with that incarnation. */
  readonly outdatedBy: Map<string, number>;
  /** Largest lateness of a wake-up in this second and in the last one. */
  lag: { sinceMs: number; worstMs: number; lastMs: number };
  /** Local health score: 0 is healthy. A node that is unwell probes less often and accuses less. */
  health: number;
  probeAtMs: number;
  knockAtMs: number;
  gossipAtMs: number;
  syncAtMs: number;
  /** Short after news, then doubled up to `syncIntervalMs`. */
  syncDelayMs: number;
  echoAtMs: number;
  /** When the oldest echo that has not come back was sent. */
  echoPendingSinceMs: number | undefined;
  /** When the newest echo that came back had been sent. */
  echoedSentAtMs: number;
  connected: boolean;
  /** When the connection came back last, or NATS carried messages again. */
  connectedAtMs: number;
  /** NATS does not carry this node's messages since then: the silence of others is no evidence. */
  frozenSinceMs: number | undefined;
  hasEnded: boolean;
}

export interface SwimOptions {
  readonly node: string;
  readonly incarnation: number;
  readonly metadata: Uint8Array;
  readonly config: SwimConfig;
  readonly random: Random;
}

/** Creates a failure detector without members. `announceSwim` makes it known to the others. */
export function createSwim(options: SwimOptions, nowMs: number): SwimState {
  const { node, incarnation, metadata, config, random } = options;
  return {
    node,
    config,
    random,
    self: { incarnation, refutation: 0, metadataVersion: 1, metadata, lagMs: 0 },
    members: new Map(),
    suspects: new Set(),
    suspicionAtMs: Number.POSITIVE_INFINITY,
    up: [],
    rumours: new RumourQueue(),
    contacts: new Map(),
    checks: new Map(),
    relays: new Map(),
    round: [],
    sequence: 0,
    probe: undefined,
    knock: undefined,
    knockAtMs: nowMs + random.next() * config.knockIntervalMs,
    outdatedBy: new Map(),
    lag: { sinceMs: nowMs, worstMs: 0, lastMs: 0 },
    health: 0,
    // Spreads the first probes of nodes that start together.
    probeAtMs: nowMs + random.next() * config.probeIntervalMs,
    gossipAtMs: nowMs + random.next() * config.gossipIntervalMs,
    syncAtMs: nowMs + random.next() * config.probeIntervalMs,
    syncDelayMs: config.probeIntervalMs,
    echoAtMs: nowMs,
    echoPendingSinceMs: undefined,
    echoedSentAtMs: Number.NEGATIVE_INFINITY,
    connected: true,
    connectedAtMs: Number.NEGATIVE_INFINITY,
    frozenSinceMs: undefined,
    hasEnded: false,
  };
}

/** Adds a member to those that are up, or removes it. */
export function markUp({ up }: SwimState, node: string, isUp: boolean): void {
  const at = placeOf(up, node);
  if ((up[at] === node) !== isUp) up.splice(at, isUp ? 0 : 1, ...(isUp ? [node] : []));
}

/** Index of the first id that is not smaller. */
export function placeOf(sorted: readonly string[], node: string): number {
  let low = 0;
  for (let high = sorted.length; low < high; ) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as string) < node) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Members that are up, this node included. */
export function clusterSize(state: SwimState): number {
  return state.up.length + 1;
}

/** Random different members that are up, without `except`. */
export function pickMembers(state: SwimState, count: number, except: string | undefined): string[] {
  const { up } = state;
  const available = up.length - (except !== undefined && up[placeOf(up, except)] === except ? 1 : 0);
  if (count >= available / 2)
    return shuffled(
      state,
      up.filter((node) => node !== except),
    ).slice(0, count);
  const chosen = new Set<string>();
  while (chosen.size < count) {
    const node = up[Math.floor(state.random.next() * up.length)] as string;
    if (node !== except) chosen.add(node);
  }
  return [...chosen];
}

/** Fisher–Yates, in place. */
function shuffled(state: SwimState, names: string[]): string[] {
  for (let i = names.length - 1; i > 0; i--) {
    const j = Math.floor(state.random.next() * (i + 1));
    const held = names[i] as string;
    names[i] = names[j] as string;
    names[j] = held;
  }
  return names;
}

export function changeHealth(state: SwimState, by: number): void {
  state.health = Math.max(0, Math.min(state.config.maxHealth, state.health + by));
}
