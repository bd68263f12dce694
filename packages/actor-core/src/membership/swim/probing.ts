import { suspect } from './claims.ts';
import { ping, send } from './sending.ts';
import { changeHealth, pickMembers, type Probe, type SwimEffect, type SwimState } from './swim-state.ts';

/** Takes the probe under way to its next step, and starts the next one when it is due. */
export function advanceProbe(state: SwimState, out: SwimEffect[], nowMs: number): void {
  const { probe } = state;
  if (probe !== undefined) {
    if (probe.indirectAtMs !== undefined && nowMs >= probe.indirectAtMs) askOthers(state, out, probe);
    if (nowMs >= probe.endAtMs) lose(state, out, probe, nowMs);
  }
  if (nowMs >= state.probeAtMs && state.probe === undefined) begin(state, out, nowMs);
}

/** An acknowledgement of the member itself, or by way of another member. */
export function acknowledged(state: SwimState, sequence: number, node: string): void {
  const { probe } = state;
  if (probe === undefined || probe.node !== node || probe.sequence !== sequence) return;
  state.probe = undefined;
  changeHealth(state, -1);
}

/** A helper could not reach the member either; the path to the helper works. */
export function noted(state: SwimState, sequence: number, node: string): void {
  const { probe } = state;
  if (probe?.node === node && probe.sequence === sequence) probe.nacks += 1;
}

function begin(state: SwimState, out: SwimEffect[], nowMs: number): void {
  const { config } = state;
  state.probeAtMs = nowMs + config.probeIntervalMs * (state.health + 1);
  const node = nextInRound(state);
  if (node === undefined) return;
  const sequence = ping(state, out, node);
  state.probe = {
    node,
    sequence,
    startedAtMs: nowMs,
    indirectAtMs: nowMs + config.probeTimeoutMs,
    endAtMs: nowMs + config.probeIntervalMs,
    helpers: 0,
    nacks: 0,
  };
}

function nextInRound(state: SwimState): string | undefined {
  for (let shuffled = false; ; ) {
    const node = takeMostSilent(state);
    if (node === undefined) {
      if (shuffled) return undefined;
      state.round = pickMembers(state, state.members.size, undefined);
      shuffled = true;
      continue;
    }
    const status = state.members.get(node)?.status;
    if (status === 'alive' || status === 'suspect') return node;
  }
}

/**
 * Of the members that this round has not probed yet, the one that was not heard from for the longest time. In a small
 * cluster a member that falls silent is so found before its turn; each member is still probed in every round.
 */
function takeMostSilent(state: SwimState): string | undefined {
  const { round, members } = state;
  let place = round.length - 1;
  let oldestMs = Number.POSITIVE_INFINITY;
  for (const [index, node] of round.entries()) {
    const heardAtMs = members.get(node)?.receivedAtMs ?? 0;
    if (heardAtMs >= oldestMs) continue;
    oldestMs = heardAtMs;
    place = index;
  }
  return round.splice(place, 1)[0];
}

function askOthers(state: SwimState, out: SwimEffect[], probe: Probe): void {
  probe.indirectAtMs = undefined;
  const helpers = pickMembers(state, state.config.indirectProbes, probe.node);
  probe.helpers = helpers.length;
  const { sequence, node: target } = probe;
  for (const helper of helpers) send(state, out, helper, { kind: 'ping-request', sequence, target });
  // The main loop of the member may be blocked.
  out.push({ kind: 'pulse', to: target, sequence });
}

/** Neither this node nor a helper reached the member. Counts only if NATS carried an echo sent after the ping. */
function lose(state: SwimState, out: SwimEffect[], probe: Probe, nowMs: number): void {
  state.probe = undefined;
  const missing = probe.helpers === 0 ? 1 : Math.max(0, probe.helpers - probe.nacks);
  changeHealth(state, missing);
  if (state.echoedSentAtMs < probe.startedAtMs) return;
  const member = state.members.get(probe.node);
  if (member !== undefined) suspect(state, out, member, state.node, nowMs);
}
