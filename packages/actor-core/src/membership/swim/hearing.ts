/**
 * Whether this node hears: whether NATS carries its own messages back to it. A node that does not hear its echo judges
 * nobody.
 */
import { broadcast, send } from './sending.ts';
import { changeHealth, type SwimEffect, type SwimState } from './swim-state.ts';

export function sendEcho(state: SwimState, out: SwimEffect[], nowMs: number): void {
  const { config, echoPendingSinceMs } = state;
  if (echoPendingSinceMs !== undefined && nowMs - echoPendingSinceMs > config.probeTimeoutMs)
    freeze(state, echoPendingSinceMs);
  // Two in every probe: a lost probe counts only if NATS carried an echo that was sent after it.
  if (nowMs < state.echoAtMs || !state.connected) return;
  state.echoAtMs = nowMs + config.probeIntervalMs / 2;
  state.echoPendingSinceMs ??= nowMs;
  send(state, out, state.node, { kind: 'echo', sentAtMs: nowMs });
}

/** While NATS carries nothing for this node, nothing but the echo is due. */
export function pauseUntilEcho(state: SwimState, nowMs: number): void {
  const { config } = state;
  state.probeAtMs = nowMs + config.probeIntervalMs;
  state.knockAtMs = nowMs + config.knockIntervalMs;
  state.knock = undefined;
  state.gossipAtMs = Math.max(state.gossipAtMs, nowMs + config.gossipIntervalMs);
  state.syncAtMs = Math.max(state.syncAtMs, nowMs + config.probeIntervalMs);
  if (!state.connected) state.echoAtMs = nowMs + config.probeIntervalMs;
}

export function connected(state: SwimState, out: SwimEffect[], nowMs: number): void {
  state.connected = true;
  state.connectedAtMs = nowMs;
  // What was on its way is lost with the connection.
  state.echoPendingSinceMs = undefined;
  state.echoAtMs = nowMs;
  sendEcho(state, out, nowMs);
}

export function disconnected(state: SwimState, nowMs: number): void {
  state.connected = false;
  freeze(state, nowMs);
}

function freeze(state: SwimState, sinceMs: number): void {
  if (state.frozenSinceMs !== undefined) return;
  state.frozenSinceMs = sinceMs;
  state.probe = undefined;
  changeHealth(state, 1);
}

/** NATS carries messages of this node again. */
export function thaw(state: SwimState, out: SwimEffect[], nowMs: number): void {
  if (state.frozenSinceMs === undefined) return;
  const frozenMs = nowMs - state.frozenSinceMs;
  moveDeadlines(state, frozenMs);
  state.frozenSinceMs = undefined;
  // The others may have called this node unreachable meanwhile: it refutes that before it hears of it.
  if (frozenMs > state.config.probeIntervalMs) state.self.refutation += 1;
  broadcast(state, out, { kind: 'announce', isJoining: true });
  state.connectedAtMs = nowMs;
  state.probeAtMs = nowMs + state.random.next() * state.config.probeIntervalMs;
}

/** Moves deadlines by a time in which this node could not receive: that silence is no evidence about other members. */
export function moveDeadlines(state: SwimState, byMs: number): void {
  for (const node of state.suspects) {
    const suspicion = state.members.get(node)?.suspicion;
    if (suspicion !== undefined) suspicion.startedAtMs += byMs;
  }
  if (state.probe !== undefined) state.probe.endAtMs += byMs;
}
