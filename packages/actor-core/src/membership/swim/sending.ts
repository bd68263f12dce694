import { retransmitLimit } from './swim-config.ts';
import type { Rumour, SelfClaim, SwimMessage } from './swim-message.ts';
import { clusterSize, type SwimEffect, type SwimState } from './swim-state.ts';

/**
 * Adds a message to one member, with rumours on board. `knows`: version of this node's metadata that the member has.
 */
export function send(
  state: SwimState,
  out: SwimEffect[],
  to: string,
  message: SwimMessage,
  knows: number = state.self.metadataVersion,
): void {
  out.push({
    kind: 'send',
    to,
    envelope: { self: claim(state, knows), rumours: rumoursFor(state, to), message },
  });
}

/** Adds a message that carries one rumour and nothing else. */
export function sendRumour(state: SwimState, out: SwimEffect[], to: string, rumour: Rumour): void {
  const self = claim(state, state.self.metadataVersion);
  out.push({ kind: 'send', to, envelope: { self, rumours: [rumour], message: { kind: 'gossip' } } });
}

/** Adds a message to everybody. */
export function broadcast(
  state: SwimState,
  out: SwimEffect[],
  message: SwimMessage,
  rumours: readonly Rumour[] = [],
): void {
  const knows = message.kind === 'announce' ? 0 : state.self.metadataVersion;
  out.push({ kind: 'broadcast', envelope: { self: claim(state, knows), rumours, message } });
}

/** Adds a ping and returns its sequence. */
export function ping(state: SwimState, out: SwimEffect[], to: string): number {
  const sequence = ++state.sequence;
  const metadataVersion = state.members.get(to)?.metadataVersion ?? 0;
  send(state, out, to, { kind: 'ping', sequence, metadataVersion });
  return sequence;
}

function claim(state: SwimState, knows: number): SelfClaim {
  const { incarnation, refutation, metadataVersion, lagMs, metadata } = state.self;
  const known = { incarnation, refutation, metadataVersion, lagMs };
  return knows < metadataVersion ? { ...known, metadata } : known;
}

/**
 * A suspected member must learn of it to refute it. The others' rumours go only where they are of use: each is sent a
 * limited number of times.
 */
function rumoursFor(state: SwimState, to: string): readonly Rumour[] {
  const { config, rumours, members, node } = state;
  const receiver = members.get(to);
  if (receiver === undefined || receiver.status === 'left') return [];
  const { incarnation, refutation, status } = receiver;
  const own: Rumour = { node: to, incarnation, refutation, status, accuser: node };
  // The number of transmissions is limited: none is spent on a member that may be gone.
  if (status !== 'alive') return [own];
  return rumours.take(config.maxRumoursPerMessage, retransmitLimit(config, clusterSize(state)));
}
