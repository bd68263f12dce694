import { setStatus } from './claims.ts';
import { broadcast } from './sending.ts';
import { placeOf, type SwimEffect, type SwimState } from './swim-state.ts';

/**
 * The fast path for a process that ended: NATS answers at once when a subject has no subscriber. Each node knocks at
 * the next member of the ring of ids, so that every member is asked once in `knockIntervalMs`, whatever the size. A
 * knock goes to the pulse subject, which has two subscribers in each process, on two connections: a refusal means that
 * both are gone. The member itself does not answer.
 */
export function knock(state: SwimState, out: SwimEffect[], nowMs: number): void {
  state.knockAtMs = nowMs + state.config.knockIntervalMs;
  const node = successor(state);
  if (node === undefined) return;
  const sequence = ++state.sequence;
  if (state.knock?.node === node) state.knock.sequence = sequence;
  else state.knock = { node, sequence, refusals: 0 };
  out.push({ kind: 'knock', to: node, sequence });
}

/** NATS knows no subscriber: twice in a row means that the member's process is gone. */
export function refused(
  state: SwimState,
  out: SwimEffect[],
  to: string,
  sequence: number,
  nowMs: number,
): void {
  const { knock: last } = state;
  if (last === undefined || last.node !== to || last.sequence !== sequence) return;
  // After a restart of NATS the others are still on their way back.
  if (nowMs - state.connectedAtMs < state.config.reconnectGraceMs) return;
  last.refusals += 1;
  if (last.refusals < 2) return;
  state.knock = undefined;
  const member = state.members.get(to);
  if (member === undefined || (member.status !== 'alive' && member.status !== 'suspect')) return;
  setStatus(state, out, member, 'unreachable', nowMs);
  const { node, incarnation, refutation, status } = member;
  broadcast(state, out, { kind: 'gossip' }, [{ node, incarnation, refutation, status, accuser: state.node }]);
}

/** A message of the member arrived: its subscription exists. */
export function forgetRefusals(state: SwimState, node: string): void {
  if (state.knock?.node === node) state.knock.refusals = 0;
}

/** The member that is up with the next larger id; after the largest comes the smallest. */
function successor(state: SwimState): string | undefined {
  const { up } = state;
  const at = placeOf(up, state.node);
  // The own id is not in the list.
  return up[at] ?? up[0];
}
