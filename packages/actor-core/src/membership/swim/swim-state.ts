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
  /** NATS knows no subscriber for the message with this sequence. */
  | { readonly kind: 'refused'; readonly to: string; readonly sequence: number }
  | { readonly kind: 'connection'; readonly connected: boolean }
  /** Delay of this process's event loop. */
  | { readonly kind: 'lag'; readonly lagMs: number }
  | { readonly kind: 'metadata'; readonly metadata: Uint8Array }
  /** The view has removed this incarnation: nothing of it is kept. */
  | { readonly kind: 'forget'; readonly node: string; readonly incarnation: number }
  | { readonly kind: 'leave' };

/** What the shell has to do. */
export type SwimEffect =
  | { readonly kind: 'send'; readonly to: string; readonly envelope: SwimEnvelope }
  | { readonly kind: 'broadcast'; readonly envelope: SwimEnvelope }
  | { readonly kind: 'changed'; readonly member: SwimMember; readonly was: SwimStatus | undefined }
  /** A newer process uses this node's id: this one must stop. */
  | { readonly kind: 'replaced'; readonly incarnation: number };

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
  /** See `membersUp`; undefined after a change. */
  up: readonly string[] | undefined;
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
    up: undefined,
    rumours: new RumourQueue(),
    contacts: new Map(),
    checks: new Map(),
    relays: new Map(),
    round: [],
    sequence: 0,
    probe: undefined,
    knock: undefined,
    knockAtMs: nowMs + random.next() * config.knockIntervalMs,
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
    connectedAtMs: nowMs,
    frozenSinceMs: undefined,
    hasEnded: false,
  };
}

/** Ids of the members that count as up (alive or suspect), sorted. */
export function membersUp(state: SwimState): readonly string[] {
  if (state.up === undefined) {
    const up: string[] = [];
    for (const { node, status } of state.members.values())
      if (status === 'alive' || status === 'suspect') up.push(node);
    state.up = up.toSorted();
  }
  return state.up;
}

/** Members that are up, this node included. */
export function clusterSize(state: SwimState): number {
  return membersUp(state).length + 1;
}

/** Random different members that are up, without `except`. */
export function pickMembers(state: SwimState, count: number, except: string | undefined): string[] {
  const up = membersUp(state);
  const available = up.length - (except !== undefined && up.includes(except) ? 1 : 0);
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
