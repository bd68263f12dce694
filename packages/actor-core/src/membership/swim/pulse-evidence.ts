import { askSoon } from './claims.ts';
import { forgetRefusals } from './knocking.ts';
import { acknowledged } from './probing.ts';
import type { PulseAnswer, SwimEffect, SwimState } from './swim-state.ts';

/**
 * Takes the answer of a pulse: the process of the member lives, whatever its main loop does. It acknowledges a probe
 * and contradicts a suspicion; a blocked main loop shows as lag.
 */
export function takePulse(
  state: SwimState,
  out: SwimEffect[],
  from: string,
  sequence: number,
  { incarnation, lagMs, isConnected }: PulseAnswer,
  nowMs: number,
): void {
  forgetRefusals(state, from);
  const member = state.members.get(from);
  if (member === undefined || incarnation > member.incarnation) return askSoon(state, from);
  if (incarnation < member.incarnation) return;
  if (!isConnected) return;
  member.receivedAtMs = nowMs;
  const { stalledLagMs } = state.config;
  const wasStalled = member.lagMs >= stalledLagMs;
  member.lagMs = lagMs;
  if (wasStalled !== lagMs >= stalledLagMs) out.push({ kind: 'changed', member, was: member.status });
  acknowledged(state, sequence, from);
  // The main loop learns that it is called unreachable, and refutes that.
  if (member.status === 'unreachable') askSoon(state, from);
}
