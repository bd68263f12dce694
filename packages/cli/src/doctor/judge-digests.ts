import type { NodeStatus } from '../gateway-client/status-report.ts';
import { printable } from '../output/figures.ts';
import { bad, type Check, good } from './check.ts';

const maxNamed = 3;
const shortDigest = 12;

/**
 * Whether each model name has the same digest on every host. A request goes to any host that lists the name, so with
 * two digests the same request is answered with different weights. Pure.
 */
export function judgeDigests(nodes: readonly Pick<NodeStatus, 'id' | 'models'>[]): Check {
  const holders = new Map<string, Map<string, string[]>>();
  for (const { id, models } of nodes) {
    for (const { name, digests } of models ?? []) {
      const byDigest = holders.get(name) ?? new Map<string, string[]>();
      holders.set(name, byDigest);
      for (const digest of digests ?? []) byDigest.set(digest, [...(byDigest.get(digest) ?? []), id]);
    }
  }
  const split = [...holders].filter(([, byDigest]) => byDigest.size > 1);
  if (split.length === 0) return good('copies', 'each model name has one digest on all ready hosts');
  const described = split.slice(0, maxNamed).map(([name, byDigest]) => {
    const copies = [...byDigest].map(([digest, ids]) => `${shorten(digest)} on ${ids.join(', ')}`);
    return `${name} is ${copies.join(' but ')}`;
  });
  const rest = split.length > maxNamed ? ` and ${split.length - maxNamed} more models` : '';
  const [name = ''] = split[0] ?? [];
  return bad(
    'copies',
    printable(`${described.join('; ')}${rest}`),
    printable(`"ollama pull ${name}" on each of these hosts, or give one of the copies another name`),
  );
}

function shorten(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, shortDigest);
}
