import type { Random } from '@drover/actor-core';
import type { HostEntry, DirectoryState } from './directory-state.ts';

/**
 * The live host with the fewest agents, ties random; `avoid` only where nothing else lives. Undefined when no
 * host lives.
 */
export function decidePlace(
  state: DirectoryState<unknown>,
  random: Random,
  avoid = '',
): HostEntry | undefined {
  const live = [...state.hosts.values()].filter((host) => host.alive);
  const preferred = live.filter((host) => host.node !== avoid);
  const candidates = preferred.length > 0 ? preferred : live;
  if (candidates.length <= 1) return candidates[0];
  const counts = countAgents(state);
  const countOn = (host: HostEntry): number => counts.get(host.node) ?? 0;
  const fewest = Math.min(...candidates.map(countOn));
  const tied = candidates.filter((host) => countOn(host) === fewest);
  return tied[Math.floor(random.next() * tied.length)] ?? tied[0];
}

function countAgents(state: DirectoryState<unknown>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { phase, record } of state.agents.values()) {
    if (phase === 'active' || phase === 'activating')
      counts.set(record.node, (counts.get(record.node) ?? 0) + 1);
  }
  return counts;
}
