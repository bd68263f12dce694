import type { Random } from '../random.ts';
import type { HostSeen } from './placement.ts';

/**
 * The live host with the fewest entities; ties are broken at random. `avoid` is chosen only if no other host is
 * live. Undefined without a live host.
 *
 * @param countByNode entities per node; called only if there is a choice
 */
export function chooseHost(
  live: readonly HostSeen[],
  countByNode: () => ReadonlyMap<string, number>,
  random: Random,
  avoid = '',
): HostSeen | undefined {
  const preferred = live.filter((host) => host.node !== avoid);
  const candidates = preferred.length > 0 ? preferred : live;
  if (candidates.length <= 1) return candidates[0];
  const counts = countByNode();
  const countOn = (host: HostSeen): number => counts.get(host.node) ?? 0;
  const fewest = Math.min(...candidates.map(countOn));
  const tied = candidates.filter((host) => countOn(host) === fewest);
  return tied[Math.floor(random.next() * tied.length)] ?? tied[0];
}
